import type { OwnAnswer, OwnScores } from '#core/session/state.ts'
import { noteWriting, speedAtLoad, speedOf, type SpeedRecord, type Writing } from '#core/swarm/speed.ts'
import { MAX_FOREIGN_IN_LINE, nextInLine, nobodyServed, type Client, type InLine } from '#core/swarm/turns.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine, EngineDescription, LoadProgress } from '#ports/engine.ts'
import { EngineCrashedError, OutOfMemoryError } from '#ports/engine.ts'
import { judge, probeJob, write, type JudgingJob, type WritingJob } from './engine-jobs.ts'
import { EngineBusyError } from './errors.ts'
import type { EngineStatus } from './facade.ts'

interface Waiting extends InLine {
  readonly run: () => Promise<void>
}

/**
 * This node's one engine, shared by all sessions: one job at a time, a node's own questions before foreign ones, and
 * foreign ones by turns of those who asked (SPEC JOIN-5). Invariant: at most `MAX_FOREIGN_IN_LINE` foreign jobs wait.
 */
export class EngineDesk {
  /** The embedded model: what answers until another was adopted, and when that one fails. */
  readonly #home: Engine
  readonly #clock: Clock
  readonly #onChange: () => void
  /** Whether no session counts on what this engine was said to be. */
  readonly #isFree: () => boolean
  #engine: Engine
  #adopted: { readonly engine: Engine; readonly onLost: (error: string) => void } | null = null
  #takeOver: (() => void) | null = null
  #status: EngineStatus = { phase: 'idle' }
  #loading: Promise<void> | null = null
  readonly #queue: Waiting[] = []
  #served = nobodyServed
  #busy = false
  /** Of the model that answers now. */
  #speed: SpeedRecord | null = null
  #probing: AbortController | null = null
  #probes = 0

  constructor(engine: Engine, clock: Clock, onChange: () => void, isFree: () => boolean = () => true) {
    this.#home = engine
    this.#engine = engine
    this.#clock = clock
    this.#onChange = onChange
    this.#isFree = isFree
  }

  /** Another engine is about to take over: nothing new should be promised in this one's name. */
  get switching(): boolean {
    return this.#takeOver !== null
  }

  /**
   * Computes with this engine, which has its model loaded, once no session counts on the other one. `onLost` is called
   * when it has lost its model; the embedded one has then taken over again. Rejects with the signal's reason.
   */
  async adopt(engine: Engine, signal: AbortSignal, onLost: (error: string) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const abort = () => {
        this.#takeOver = null
        reject(signal.reason as Error)
      }
      if (signal.aborted) return abort()
      signal.addEventListener('abort', abort, { once: true })
      this.#takeOver = () => {
        signal.removeEventListener('abort', abort)
        this.#adopted = { engine, onLost }
        this.#engine = engine
        this.#tellReady()
        resolve()
      }
      this.settle()
    })
  }

  /** Goes back to the embedded model at once, if this engine was adopted. Tells whether it was. */
  giveUp(engine: Engine): boolean {
    if (this.#adopted?.engine !== engine) return false
    this.#adopted = null
    this.#engine = this.#home
    this.#tellReady()
    return true
  }

  /** To be called when a session has ended: a waiting engine may then take over. */
  settle(): void {
    if (!this.#takeOver || this.#busy || !this.#isFree()) return
    const takeOver = this.#takeOver
    this.#takeOver = null
    takeOver()
  }

  #tellReady(): void {
    const description = this.#engine.describe()
    this.#speed = description && speedAtLoad(description)
    if (description) this.#set({ phase: 'ready', description, busy: this.#busy })
    else this.#set({ phase: 'failed', error: 'ModelLoadError' })
  }

  /**
   * Writes a few words to see how fast the engine is now (SPEC FIT-3), unless it has work; gives way to work that comes.
   * Never throws: whoever needs the engine next learns what is wrong with it.
   */
  async probe(): Promise<void> {
    if (this.#busy || this.#probing || this.#status.phase !== 'ready') return
    const engine = this.#engine
    const probing = (this.#probing = new AbortController())
    try {
      const { writing } = await write(engine, probeJob(++this.#probes), this.#clock, () => undefined, probing.signal)
      if (!probing.signal.aborted) this.#noteWriting(engine, writing)
    } catch {
      // A probe decides nothing.
    } finally {
      this.#probing = null
    }
  }

  #noteWriting(engine: Engine, writing: Writing): void {
    if (engine !== this.#engine || !this.#speed || this.#status.phase !== 'ready') return
    this.#speed = noteWriting(this.#speed, writing)
    const { description } = this.#status
    const speed = speedOf(this.#speed)
    if (speed.decodeTokensPerSecond === description.decodeTokensPerSecond) return
    this.#set({ ...this.#status, description: { ...description, ...speed } })
  }

  get status(): EngineStatus {
    return this.#status
  }

  /** Jobs of other nodes' sessions that wait for the engine. */
  get foreignInLine(): number {
    return this.#queue.filter(({ client }) => client !== 'own').length
  }

  get description(): EngineDescription | null {
    return this.#status.phase === 'ready' ? this.#status.description : null
  }

  /** Loads a model. Never throws: the status says how it went. A second call while loading waits for the first. */
  async load(modelId: string): Promise<void> {
    this.#loading ??= this.#load(modelId).finally(() => (this.#loading = null))
    return this.#loading
  }

  async #load(modelId: string): Promise<void> {
    this.#set({ phase: 'loading', progress: null })
    try {
      await this.#home.load(modelId, (progress: LoadProgress) => this.#set({ phase: 'loading', progress }))
      this.#tellReady()
    } catch (error) {
      this.#set({ phase: 'failed', error: (error as Error).name })
    }
  }

  /** Answers. `onText` gets the whole text so far, with every piece. Throws the engine's errors, `EngineBusyError`. */
  generate(job: WritingJob, client: Client, onText: (text: string) => void, signal: AbortSignal): Promise<OwnAnswer> {
    return this.#enqueue(client, signal, async (engine) => {
      const { answer, writing } = await write(engine, job, this.#clock, onText, signal)
      this.#noteWriting(engine, writing)
      return answer
    })
  }

  /** Scores answers. Throws the engine's errors, `EngineBusyError`. */
  judge(job: JudgingJob, client: Client, signal: AbortSignal): Promise<OwnScores> {
    return this.#enqueue(client, signal, (engine) => judge(engine, job, this.#clock, signal))
  }

  #enqueue<T>(client: Client, signal: AbortSignal, job: (engine: Engine) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        client,
        passedOver: 0,
        run: async () => {
          signal.removeEventListener('abort', withdraw)
          try {
            resolve(await this.#despiteLoss(job, signal))
          } catch (error) {
            reject(error as Error)
          }
        },
      }
      const withdraw = () => {
        const index = this.#queue.indexOf(waiting)
        if (index >= 0) this.#queue.splice(index, 1)
        reject(signal.reason as Error)
      }
      if (signal.aborted) return withdraw()
      if (client !== 'own' && this.foreignInLine >= MAX_FOREIGN_IN_LINE)
        return reject(new EngineBusyError('too many jobs wait for the model'))
      signal.addEventListener('abort', withdraw, { once: true })
      this.#queue.push(waiting)
      void this.#work()
    })
  }

  /** Runs a job again with the embedded model where the adopted one broke off, which is given up where it is lost (SPEC AWAY-8). */
  async #despiteLoss<T>(job: (engine: Engine) => Promise<T>, signal: AbortSignal): Promise<T> {
    const adopted = this.#adopted
    try {
      return await job(this.#engine)
    } catch (error) {
      if (signal.aborted || !adopted) throw error
      const isLost = adopted.engine.describe() === null || error instanceof OutOfMemoryError
      if (!isLost && !(error instanceof EngineCrashedError)) throw error
      // A person may have given it up meanwhile.
      if (isLost && this.giveUp(adopted.engine)) adopted.onLost((error as Error).name)
      return job(this.#home)
    }
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#probing?.abort()
    this.#show()
    for (let next = this.#takeNext(); next; next = this.#takeNext()) await next.run()
    this.#busy = false
    this.#show()
    this.settle()
  }

  #takeNext(): Waiting | undefined {
    if (this.#queue.length === 0) return undefined
    const { index, served } = nextInLine(this.#queue, this.#served)
    this.#served = served
    const [next] = this.#queue.splice(index, 1)
    if (next?.client !== 'own') for (const earlier of this.#queue.slice(0, index)) earlier.passedOver++
    return next
  }

  #show(): void {
    if (this.#status.phase === 'ready') this.#set({ ...this.#status, busy: this.#busy })
  }

  #set(status: EngineStatus): void {
    this.#status = status
    this.#onChange()
  }
}
