import { proxy, releaseProxy, wrap, type Endpoint, type Remote } from 'comlink'
import type { ChatMessage } from '#core/protocol/messages.ts'
import {
  EngineCrashedError,
  ModelLoadError,
  OutOfMemoryError,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type Judgement,
  type LoadProgress,
  type Token,
} from '#ports/engine.ts'
import { reviveError } from './engine-errors.ts'
import type { EngineHost } from './engine-host.ts'
import { SerialQueue } from './serial-queue.ts'
import { TokenChannel } from './token-channel.ts'

/** A worker that exposes an `EngineHost`. */
export interface EngineWorker {
  readonly endpoint: Endpoint
  /** Calls back when the worker itself fails; what fails inside a call, the call reports. */
  onFailure(listener: (reason: unknown) => void): void
  terminate(): void
}

/** How long an aborted call may take to end before its worker counts as hung. */
const ABORT_GRACE_MS = 5_000

interface Connection {
  readonly host: Remote<EngineHost>
  readonly worker: EngineWorker
  /** Rejects with `EngineCrashedError`, never resolves. */
  readonly crashed: Promise<never>
  readonly crash: (reason: unknown) => void
  /** Set once the model is in; a worker that fails before is not worth a second one. */
  loaded: boolean
}

/**
 * An engine in a worker.
 *
 * Invariants: 1. calls run one at a time, in the order of their first demand; 2. an engine that crashed, hung or lost
 * its worker is given up whole, and a new worker loads the same model before the next call runs; only the call that
 * was running fails; 3. an aborted call ends, be it by ending its worker.
 */
export class WorkerEngine implements Engine {
  readonly #spawn: () => EngineWorker
  readonly #abortGraceMs: number
  readonly #queue = new SerialQueue()
  #connection: Connection | null = null
  /** What a new worker must load first. */
  #modelId: string | null = null
  #description: EngineDescription | null = null

  constructor(spawn: () => EngineWorker, abortGraceMs = ABORT_GRACE_MS) {
    this.#spawn = spawn
    this.#abortGraceMs = abortGraceMs
  }

  load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    return this.#queue.run(async () => {
      this.#forget()
      await this.#loadInto(this.#connect(), modelId, onProgress, signal)
    }, signal)
  }

  async *generate(
    messages: readonly ChatMessage[],
    { signal, ...options }: GenerateOptions,
  ): AsyncGenerator<Token, Generation, void> {
    const channel = new TokenChannel()
    const abandoned = new AbortController()
    const either = signal ? AbortSignal.any([signal, abandoned.signal]) : abandoned.signal
    let text = ''
    let tokens = 0
    const onToken = proxy((piece: string): void => {
      text += piece
      tokens++
      channel.push(piece)
    })
    const generation = this.#call(({ host }) => host.generate(messages, options, onToken), either)
    generation.catch(() => {}).finally(() => channel.close())
    try {
      yield* channel.tokens()
      return await generation
    } catch (error) {
      if (!signal?.aborted) throw error
      return { text, tokens, finish: 'aborted', droppedTurns: 0 }
    } finally {
      abandoned.abort()
    }
  }

  judge(messages: readonly ChatMessage[], answers: readonly string[], signal?: AbortSignal): Promise<Judgement[]> {
    return this.#call(({ host }) => host.judge(messages, answers), signal)
  }

  describe(): EngineDescription | null {
    return this.#description
  }

  unload(): Promise<void> {
    return this.#queue.run(async () => this.#forget())
  }

  #call<T>(call: (connection: Connection) => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return this.#queue.run(async () => {
      const connection = await this.#ready()
      return this.#supervised(connection, call, signal)
    }, signal)
  }

  /** The connection with the model loaded, after a crash a new one. */
  async #ready(): Promise<Connection> {
    if (this.#modelId === null) throw new ModelLoadError('No model is loaded.')
    if (this.#connection) return this.#connection
    const connection = this.#connect()
    await this.#loadInto(connection, this.#modelId)
    return connection
  }

  async #loadInto(
    connection: Connection,
    modelId: string,
    onProgress: (progress: LoadProgress) => void = () => {},
    signal?: AbortSignal,
  ): Promise<void> {
    try {
      const load = ({ host }: Connection) => host.load(modelId, proxy(onProgress))
      this.#description = await this.#supervised(connection, load, signal)
      this.#modelId = modelId
      connection.loaded = true
    } catch (error) {
      this.#description = null
      this.#disconnect(connection)
      throw error
    }
  }

  async #supervised<T>(
    connection: Connection,
    call: (connection: Connection) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    signal?.throwIfAborted()
    let hung: ReturnType<typeof setTimeout> | undefined
    const abort = (): void => {
      void connection.host.abort()
      hung = setTimeout(() => connection.crash('an aborted call did not end'), this.#abortGraceMs)
    }
    signal?.addEventListener('abort', abort, { once: true })
    try {
      return await Promise.race([call(connection), connection.crashed])
    } catch (error) {
      const revived = reviveError(error)
      if (revived instanceof EngineCrashedError) this.#rebuild(connection)
      // Not at once: whoever has a smaller model may rather have the memory.
      if (revived instanceof OutOfMemoryError) this.#disconnect(connection)
      throw signal?.aborted ? signal.reason : revived
    } finally {
      signal?.removeEventListener('abort', abort)
      clearTimeout(hung)
    }
  }

  /** Starts at once, so that the next call need not wait; where that fails, the next call tries again and reports. */
  #rebuild(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#disconnect(connection)
    if (connection.loaded) this.#queue.run(() => this.#ready()).catch(() => {})
  }

  #connect(): Connection {
    const worker = this.#spawn()
    let crash: Connection['crash'] = () => {}
    const crashed = new Promise<never>((_, reject) => {
      crash = (reason) => reject(new EngineCrashedError('The model stopped working.', { cause: reason }))
    })
    const connection: Connection = { host: wrap<EngineHost>(worker.endpoint), worker, crashed, crash, loaded: false }
    // A worker may also fail between calls.
    crashed.catch(() => this.#rebuild(connection))
    worker.onFailure(crash)
    this.#connection = connection
    return connection
  }

  #disconnect(connection: Connection): void {
    if (this.#connection !== connection) return
    this.#connection = null
    connection.host[releaseProxy]()
    connection.worker.terminate()
  }

  #forget(): void {
    this.#modelId = null
    this.#description = null
    if (this.#connection) this.#disconnect(this.#connection)
  }
}
