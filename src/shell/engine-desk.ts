import type { OwnAnswer, OwnScores } from '#core/session/state.ts'
import { noteWriting, speedAtLoad, speedOf, type SpeedRecord, type Writing } from '#core/swarm/speed.ts'
import type { Digest } from '#core/protocol/ids.ts'
import type { Client } from '#core/swarm/turns.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine, EngineDescription, LoadProgress } from '#ports/engine.ts'
import { EngineCrashedError, OutOfMemoryError } from '#ports/engine.ts'
import { judge, probeJob, write, type JudgingJob, type WritingJob } from './engine-jobs.ts'
import { ModelChangedError } from './errors.ts'
import type { EngineStatus } from './facade.ts'
import { JobQueue } from './job-queue.ts'

/**
 * This node's one engine, shared by all sessions.
 *
 * Invariants: 1. one job at a time, by turns (`JobQueue`); 2. what was promised in one model's name is done by that model
 * or not at all (SPEC EXE-6); 3. a larger model that broke off is tried before the next job, and given up where it is lost.
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
  readonly #queue = new JobQueue(() => this.#busyChanged())
  /** What broke off, and has to be tried. */
  #doubted: Engine | null = null
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
    if (!this.#takeOver || this.#queue.busy || !this.#isFree()) return
    const takeOver = this.#takeOver
    this.#takeOver = null
    takeOver()
  }

  #tellReady(): void {
    const description = this.#engine.describe()
    this.#speed = description && speedAtLoad(description)
    if (description) this.#set({ phase: 'ready', description, busy: this.#queue.busy })
    else this.#set({ phase: 'failed', error: 'ModelLoadError' })
  }

  /**
   * Writes a few words to see how fast the engine is now (SPEC FIT-3), unless it has work; gives way to work that comes.
   * Never throws: whoever needs the engine next learns what is wrong with it.
   */
  async probe(): Promise<void> {
    if (this.#queue.busy || this.#probing || this.#status.phase !== 'ready') return
    const engine = this.#engine
    const probing = (this.#probing = new AbortController())
    try {
      const { writing } = await write(engine, probeJob(++this.#probes), this.#clock, () => undefined, probing.signal)
      if (!probing.signal.aborted) this.#noteWriting(engine, writing)
    } catch (error) {
      if (!probing.signal.aborted && engine !== this.#home) this.#noteFailure(engine, error as Error)
    } finally {
      this.#probing = null
    }
    await this.#tryDoubted()
  }

  /** Ends what this desk does of its own accord; jobs end with the sessions that they are for. */
  stop(): void {
    this.#probing?.abort()
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
    return this.#queue.foreignInLine
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

  /**
   * Answers. `onText` gets the whole text so far, with every piece. `joinedAs`: the model that must do it, if one must.
   * Throws the engine's errors, `EngineBusyError`, `ModelChangedError`.
   */
  generate(
    job: WritingJob,
    client: Client,
    onText: (text: string) => void,
    signal: AbortSignal,
    joinedAs: Digest | null = null,
  ): Promise<OwnAnswer> {
    return this.#enqueue(client, signal, joinedAs, async (engine) => {
      const { answer, writing } = await write(engine, job, this.#clock, onText, signal)
      this.#noteWriting(engine, writing)
      return answer
    })
  }

  /** Scores answers. Throws like `generate`. */
  judge(job: JudgingJob, client: Client, signal: AbortSignal, joinedAs: Digest | null = null): Promise<OwnScores> {
    return this.#enqueue(client, signal, joinedAs, (engine) => judge(engine, job, this.#clock, signal))
  }

  #enqueue<T>(
    client: Client,
    signal: AbortSignal,
    joinedAs: Digest | null,
    job: (engine: Engine) => Promise<T>,
  ): Promise<T> {
    const attempt = () => this.#attempt(job, signal, joinedAs)
    return this.#queue.add(client, signal, attempt, () => this.#tryDoubted())
  }

  /** Where any model will do, the embedded one does what a larger one breaks off (SPEC AWAY-8). */
  async #attempt<T>(job: (engine: Engine) => Promise<T>, signal: AbortSignal, joinedAs: Digest | null): Promise<T> {
    const engine = this.#engine
    const model = engine.describe()?.modelDigest
    if (joinedAs !== null && model !== undefined && model !== joinedAs)
      throw new ModelChangedError('this node computes with another model by now')
    try {
      return await job(engine)
    } catch (error) {
      const brokeOff = engine !== this.#home && this.#noteFailure(engine, error as Error)
      if (!brokeOff || joinedAs !== null || signal.aborted) throw error
      return job(this.#home)
    }
  }

  /** Whether a larger model broke off: then it is given up at once, or doubted. */
  #noteFailure(engine: Engine, error: Error): boolean {
    if (error.name === 'AbortError') return false
    const isLost = engine.describe() === null || error instanceof OutOfMemoryError
    if (isLost) this.#lose(engine, error)
    else if (error instanceof EngineCrashedError) this.#doubted = engine
    else return false
    return true
  }

  /** A person may have given it up meanwhile. */
  #lose(engine: Engine, error: Error): void {
    const adopted = this.#adopted
    if (this.giveUp(engine)) adopted?.onLost(error.name)
  }

  /** A device that went away may be back, or gone for good: that must not wait for the next question (SPEC AWAY-8). */
  async #tryDoubted(): Promise<void> {
    const engine = this.#doubted
    this.#doubted = null
    if (!engine || engine !== this.#engine) return
    try {
      await write(engine, probeJob(++this.#probes), this.#clock, () => undefined, new AbortController().signal)
    } catch (error) {
      this.#lose(engine, error as Error)
    }
  }

  #busyChanged(): void {
    if (this.#queue.busy) this.#probing?.abort()
    if (this.#status.phase === 'ready') this.#set({ ...this.#status, busy: this.#queue.busy })
    if (!this.#queue.busy) this.settle()
  }

  #set(status: EngineStatus): void {
    this.#status = status
    this.#onChange()
  }
}
