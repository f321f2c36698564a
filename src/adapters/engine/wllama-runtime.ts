import { Wllama, type LoadedContextInfo, type WllamaLogger } from '@wllama/wllama/esm/index.js'
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url'
import type { ChatMessage } from '#core/protocol/messages.ts'
import {
  EngineCrashedError,
  ModelDamagedError,
  ModelLoadError,
  OutOfMemoryError,
  UnsupportedBrowserError,
} from '#ports/engine.ts'
import { PINNED, threadCount } from './engine-class.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { isWantOfMemory } from './want-of-memory.ts'
import { missingInWasm } from './wasm-features.ts'

/** `false` bans a token. */
export type Bias = readonly (readonly [token: number, bias: number | false])[]

export const ban = (tokens: readonly number[]): Bias => tokens.map((token) => [token, false])

/** The fields of llama.cpp's chat completion that this engine sets; its own types miss some and misstate others. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
  readonly max_tokens: number
  readonly temperature: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly grammar?: string
  readonly logit_bias: Bias
  /** With `top_logprobs: 1`, reports each sampled token's own log-probability. */
  readonly logprobs?: boolean
  readonly top_logprobs?: number
  /** Reports `top_probs`, of what sampling chose from, instead of `logprob`, of what the model computed. */
  readonly post_sampling_probs?: boolean
  readonly top_k?: number
  readonly top_p?: number
  readonly min_p?: number
  readonly timings_per_token?: boolean
  readonly abortSignal?: AbortSignal
}

export interface Timings {
  readonly predicted_n: number
  readonly prompt_per_second: number
  readonly predicted_per_second: number
}

type FinishReason = 'stop' | 'length' | null

export interface ChatReply {
  readonly choices: readonly {
    readonly finish_reason: FinishReason
    readonly logprobs?: {
      readonly content: readonly {
        readonly id: number
        readonly logprob?: number
        readonly top_probs?: readonly { readonly token: string; readonly prob: number }[]
      }[]
    }
  }[]
  readonly usage: { readonly prompt_tokens: number }
  readonly timings: Timings
}

export interface ChatChunk {
  readonly choices: readonly {
    readonly finish_reason: FinishReason
    readonly delta: { readonly content?: string | null }
  }[]
  readonly timings?: Timings
}

/** One llama.cpp instance with one model. Once it has crashed, every call throws `EngineCrashedError`. */
export class WllamaRuntime {
  readonly endTokens: readonly number[]
  readonly #wllama: Wllama
  readonly #crash: Crash

  private constructor(wllama: Wllama, crash: Crash) {
    this.#wllama = wllama
    this.#crash = crash
    this.endTokens = wllama.getLoadedContextInfo().list_tokens_eog
  }

  /** Throws the `ModelLoadError` family. `template`: a name that llama.cpp knows, instead of the file's own. */
  static async start(file: Blob, contextTokens: number, template?: string): Promise<WllamaRuntime> {
    const missing = missingInWasm()
    if (missing) throw new UnsupportedBrowserError(`This browser's WebAssembly has no ${missing}.`)
    const crash = new Crash()
    const wllama = new Wllama({ default: wasmUrl }, { logger: crash.logger })
    // The fallback for browsers without 64-bit memory would be fetched from a stranger's host.
    wllama.setCompat(null)
    try {
      await crash.race(
        wllama.loadModel([file], {
          ...PINNED,
          n_ctx: contextTokens,
          n_threads: threadCount(globalThis.crossOriginIsolated, navigator.hardwareConcurrency, file.size),
          skip_chat_parsing: true,
          prefill_assistant: false,
          log_level: ERRORS_ONLY,
          ...(template !== undefined && { chat_template: template }),
        }),
      )
      // `loadModel` resolves even when llama.cpp refused the file.
      const info = wllama.getLoadedContextInfo() as LoadedContextInfo & { success?: boolean }
      if (!info.success) throw new ModelDamagedError('llama.cpp refused the file.')
      crash.forget()
      return new WllamaRuntime(wllama, crash)
    } catch (error) {
      void wllama.exit()
      throw loadError(error, crash.said)
    }
  }

  async complete(request: ChatRequest): Promise<ChatReply> {
    const reply = this.#wllama.createChatCompletion(request as unknown as ChatParams)
    return (await this.#guard(request, reply)) as unknown as ChatReply
  }

  async stream(request: ChatRequest, onChunk: (chunk: ChatChunk) => void): Promise<void> {
    const onData = (chunk: unknown): void => onChunk(chunk as ChatChunk)
    const streaming = { ...request, stream: true, onData }
    await this.#guard(request, this.#wllama.createChatCompletion(streaming as unknown as StreamingChatParams))
  }

  /** Ends the instance and frees its memory. */
  async stop(): Promise<void> {
    await this.#wllama.exit()
  }

  /** An abort throws the signal's reason, a refusal `PromptTooLongError`, want of memory `OutOfMemoryError`; all else is a crash. */
  async #guard<T>(request: ChatRequest, call: Promise<T>): Promise<T> {
    try {
      return await this.#crash.race(call)
    } catch (error) {
      request.abortSignal?.throwIfAborted()
      const message = error instanceof Error ? error.message : ''
      const tooLong = TOO_LONG.exec(message)
      if (tooLong) throw new PromptTooLongError(Number(tooLong[1]))
      if (isWantOfMemory(message)) throw new OutOfMemoryError('The memory of the page gave out.', { cause: error })
      throw new EngineCrashedError('The model stopped working.', { cause: error })
    }
  }
}

type ChatParams = Parameters<Wllama['createChatCompletion']>[0] & { stream?: false }
type StreamingChatParams = ChatParams & { stream: true; onData: (chunk: unknown) => void }

const TOO_LONG = /^request \((\d+) tokens\) exceeds the available context size/

/** wllama's `LogLevel.ERROR`, which its types keep to themselves. */
const ERRORS_ONLY = 4

/** What went wrong while loading, by what was thrown, and by what llama.cpp said before. */
function loadError(error: unknown, said: readonly string[]): Error {
  const reason = [error instanceof Error ? error.message : String(error), ...said].join('\n')
  const options = { cause: error instanceof ModelDamagedError ? reason : error }
  if (isWantOfMemory(reason) || error instanceof RangeError) {
    return new OutOfMemoryError('The model does not fit into the memory that this page may have.', options)
  }
  if (error instanceof ModelDamagedError) return new ModelDamagedError(error.message, options)
  return new ModelLoadError('This browser could not start the model.', options)
}

/** The last lines are enough to tell what went wrong. */
const KEPT_LINES = 20

/** wllama only logs an error of its worker, and would let the call wait for ever. */
class Crash {
  readonly logger: WllamaLogger
  readonly #happened: Promise<never>
  #said: string[] | null = []

  constructor() {
    const { promise, reject } = rejectable()
    this.#happened = promise
    const hear = (...details: unknown[]): void => {
      const [first] = details
      this.#said?.push(first instanceof ErrorEvent ? first.message : details.map(String).join(' '))
      if (this.#said && this.#said.length > KEPT_LINES) this.#said.shift()
      if (first instanceof ErrorEvent) reject(new Error(first.message))
    }
    const quiet = (): void => {}
    this.logger = { debug: quiet, log: quiet, warn: hear, error: hear }
  }

  /** What llama.cpp said while it loaded. */
  get said(): readonly string[] {
    return this.#said ?? []
  }

  /** What it says from now on may quote texts of people. */
  forget(): void {
    this.#said = null
  }

  race<T>(call: Promise<T>): Promise<T> {
    return Promise.race([call, this.#happened])
  }
}

function rejectable(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {}
  const promise = new Promise<never>((_, fail) => (reject = fail))
  promise.catch(() => {})
  return { promise, reject }
}
