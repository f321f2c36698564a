import type { Device } from '#ports/device.ts'
import type { Engine, LoadProgress } from '#ports/engine.ts'
import type { LoadMark } from '#ports/load-mark.ts'
import type { Locks } from '#ports/locks.ts'
import type { ModelShelf, ShelfSurvey } from '#ports/model-shelf.ts'
import type { Settings } from '#ports/store.ts'
import type { EngineDesk } from './engine-desk.ts'
import type { ModelActivity, ModelsStatus, ModelVerbs } from './facade.ts'

/** What a larger model needs; absent where there is none to have, as in Node. */
export interface LargerModels {
  readonly shelf: ModelShelf
  readonly engine: Engine
  readonly locks: Locks
  readonly mark: LoadMark
}

export interface ModelDeskInit extends LargerModels {
  readonly desk: EngineDesk
  readonly device: Pick<Device, 'state' | 'subscribe'>
  /** The person's last choice, which outlives the tab. */
  readonly choice: ModelChoice
  onChange(): void
  /** This node computes with another model now. */
  onSwitched(): void
}

export interface ModelChoice {
  get(): string | null
  keep(modelId: string | null): Promise<void>
}

/** A choice that is one of the settings. */
export function choiceIn(settings: { get(): Settings; change(change: Partial<Settings>): Promise<void> }): ModelChoice {
  return {
    get: () => settings.get().chosenModel,
    keep: (chosenModel) => settings.change({ chosenModel }),
  }
}

/** Two large models on one device would starve each other, and one person's tabs are not two judges. */
const LOCK = 'tabswarm-webgpu-model'

/** Told where a page broke off while it loaded the model, mostly for want of memory. */
const BROKE_OFF = 'LoadBrokeOffError'

const NOTHING: ShelfSurvey = { problem: null, offers: [], recommended: null }

/**
 * The larger model that a person may choose, beside the embedded one, which answers until the larger one is ready and
 * whenever it fails.
 *
 * Invariants: 1. only `choose` downloads, and what it began goes on by itself when the network is back; 2. one tab of a
 * profile holds a larger model, the others wait for its lock; 3. the lock is held from before loading until the model
 * is out of memory; 4. what a page broke off at while loading it is not loaded again without a person's yes (SPEC AWAY-5).
 */
export class ModelDesk implements ModelVerbs {
  readonly #init: ModelDeskInit
  #survey = NOTHING
  #activity: ModelActivity = { phase: 'none' }
  #running = new AbortController()
  /** Each verb ends the one before. */
  #last: Promise<void> = Promise.resolve()
  #release: (() => void) | null = null

  constructor(init: ModelDeskInit) {
    this.#init = init
  }

  get status(): ModelsStatus {
    return { ...this.#survey, chosen: this.#init.choice.get(), activity: this.#activity }
  }

  /** Looks at the device, and takes up the model that was chosen last, if it is here whole. Contacts nobody. */
  start(): Promise<void> {
    return this.#instead(async (signal) => {
      await this.#look()
      const chosen = this.#survey.offers.find(({ id }) => id === this.#init.choice.get())
      if (!chosen?.downloaded || (chosen.fit !== 'good' && chosen.fit !== 'tight')) return
      await this.#use(chosen.id, signal, 'by itself')
    })
  }

  /** A person's yes: downloads what is missing of a model, and switches to it. Never throws: the status tells. */
  choose(modelId: string): Promise<void> {
    return this.#instead(async (signal) => {
      await this.#keepChoice(modelId)
      const onProgress = (progress: LoadProgress) => this.#set({ phase: 'downloading', modelId, progress })
      this.#set({ phase: 'downloading', modelId, progress: null })
      await this.#attempt(modelId, signal, () => this.#init.shelf.download(modelId, onProgress, signal))
      await this.#look()
      if (this.#activity.phase === 'downloading') await this.#use(modelId, signal, 'chosen')
      const { phase } = this.#activity
      if (phase === 'failed' && this.#activity.error === 'DownloadFailedError') this.#goOnWhenOnline(modelId, signal)
    })
  }

  /** Stops a download, or waiting for another tab. What has arrived is kept. */
  cancel(): Promise<void> {
    return this.useEmbedded()
  }

  useEmbedded(): Promise<void> {
    return this.#instead(async () => {
      await this.#keepChoice(null)
      await this.#look()
    })
  }

  remove(modelId: string): Promise<void> {
    return this.#instead(async () => {
      if (this.#init.choice.get() === modelId) await this.#keepChoice(null)
      await this.#init.shelf.remove(modelId)
      await this.#look()
    })
  }

  async stop(): Promise<void> {
    await this.#instead(async () => undefined)
  }

  /** Ends what runs, gives the model up that is in use, and then does this. */
  #instead(task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#running.abort()
    const running = (this.#running = new AbortController())
    this.#last = this.#last.then(async () => {
      await this.#giveUp()
      if (!running.signal.aborted) await task(running.signal)
    })
    return this.#last
  }

  async #use(modelId: string, signal: AbortSignal, why: 'by itself' | 'chosen'): Promise<void> {
    const { locks, engine, desk, mark, onSwitched } = this.#init
    await this.#attempt(modelId, signal, async () => {
      let release = await locks.tryAcquire(LOCK)
      if (!release) {
        this.#set({ phase: 'elsewhere', modelId })
        release = await locks.acquire(LOCK, signal)
      }
      this.#release = release
      // Whoever set it held the lock, and cannot be loading any more.
      if (why === 'by itself' && mark.read() !== null) throw Object.assign(new Error(modelId), { name: BROKE_OFF })
      this.#set({ phase: 'loading', modelId, progress: null })
      mark.set(modelId)
      await engine
        .load(modelId, (progress) => this.#set({ phase: 'loading', modelId, progress }), signal)
        .finally(() => mark.clear())
      await desk.adopt(engine, signal, (error) => this.#lost(modelId, error))
      this.#set({ phase: 'in-use', modelId })
      onSwitched()
    })
  }

  async #attempt(modelId: string, signal: AbortSignal, step: () => Promise<void>): Promise<void> {
    try {
      await step()
    } catch (error) {
      await this.#giveUp()
      if (!signal.aborted) this.#set({ phase: 'failed', modelId, error: (error as Error).name })
    }
  }

  /** Until the next verb. */
  #goOnWhenOnline(modelId: string, signal: AbortSignal): void {
    const { device } = this.#init
    let { online } = device.state()
    const unsubscribe = device.subscribe((state) => {
      const isBack = state.online && !online
      online = state.online
      if (isBack) void this.choose(modelId)
    })
    if (signal.aborted) unsubscribe()
    signal.addEventListener('abort', unsubscribe, { once: true })
  }

  /** A disk that keeps no choice is no reason against it. */
  async #keepChoice(modelId: string | null): Promise<void> {
    await this.#init.choice.keep(modelId).catch(() => undefined)
  }

  /** The desk answers with the embedded model again. */
  #lost(modelId: string, error: string): void {
    this.#running.abort()
    void this.#giveUp().then(() => this.#set({ phase: 'failed', modelId, error }))
    this.#init.onSwitched()
  }

  async #giveUp(): Promise<void> {
    const { desk, engine, onSwitched } = this.#init
    const release = this.#release
    this.#release = null
    if (desk.giveUp(engine)) onSwitched()
    if (release) await engine.unload().catch(() => undefined)
    release?.()
    this.#set({ phase: 'none' })
  }

  async #look(): Promise<void> {
    this.#survey = await this.#init.shelf.survey()
    this.#init.onChange()
  }

  #set(activity: ModelActivity): void {
    this.#activity = activity
    this.#init.onChange()
  }
}
