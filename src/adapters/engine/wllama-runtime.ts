import { Wllama, type LoadedContextInfo, type WllamaLogger } from '@wllama/wllama/esm/index.js'
import wasmUrl from '@wllama/wllama/esm/wasm/wllama.wasm?url'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { EngineCrashedError, ModelLoadError } from '#ports/engine.ts'
import { PINNED, threadCount } from './engine-class.ts'
import { PromptTooLongError } from './prompt-too-long.ts'

/** The fields of llama.cpp's chat completion that this engine sets; its own types miss some and misstate others. */
export interface ChatRequest {
  readonly messages: readonly ChatMessage[]
  readonly max_tokens: number
  readonly temperature: number
  readonly seed?: number
  readonly stop?: readonly string[]
  readonly grammar: string
  /** `false` bans a token. */
  readonly logit_bias: readonly (readonly [token: number, bias: false])[]
  /** With `top_logprobs: 1`, reports each sampled token's own log-probability. */
  readonly logprobs?: boolean
  readonly top_logprobs?: number
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
    readonly logprobs?: { readonly content: readonly { readonly id: number; readonly logprob: number }[] }
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

  /** Throws `ModelLoadError`. */
  static async start(file: Uint8Array<ArrayBuffer>, contextTokens: number): Promise<WllamaRuntime> {
    const crash = new Crash()
    const wllama = new Wllama({ default: wasmUrl }, { suppressNativeLog: true, logger: crash.logger })
    // The fallback for browsers without 64-bit memory would be fetched from a stranger's host.
    wllama.setCompat(null)
    try {
      await crash.race(
        wllama.loadModel([new Blob([file])], {
          ...PINNED,
          n_ctx: contextTokens,
          n_threads: threadCount(globalThis.crossOriginIsolated, navigator.hardwareConcurrency, file.length),
          skip_chat_parsing: true,
          prefill_assistant: false,
        }),
      )
      // `loadModel` resolves even when llama.cpp refused the file.
      const info = wllama.getLoadedContextInfo() as LoadedContextInfo & { success?: boolean }
      if (!info.success) throw new Error('llama.cpp refused the file')
      return new WllamaRuntime(wllama, crash)
    } catch (error) {
      void wllama.exit()
      throw new ModelLoadError('This browser could not start the model.', { cause: error })
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

  /** An abort throws the signal's reason, a refusal `PromptTooLongError`, everything else is a crash. */
  async #guard<T>(request: ChatRequest, call: Promise<T>): Promise<T> {
    try {
      return await this.#crash.race(call)
    } catch (error) {
      request.abortSignal?.throwIfAborted()
      const tooLong = TOO_LONG.exec(error instanceof Error ? error.message : '')
      if (tooLong) throw new PromptTooLongError(Number(tooLong[1]))
      throw new EngineCrashedError('The model stopped working.', { cause: error })
    }
  }
}

type ChatParams = Parameters<Wllama['createChatCompletion']>[0] & { stream?: false }
type StreamingChatParams = ChatParams & { stream: true; onData: (chunk: unknown) => void }

const TOO_LONG = /^request \((\d+) tokens\) exceeds the available context size/

/** wllama only logs an error of its worker, and would let the call wait for ever. */
class Crash {
  readonly logger: WllamaLogger
  readonly #happened: Promise<never>

  constructor() {
    const { promise, reject } = rejectable()
    this.#happened = promise
    const quiet = (): void => {}
    this.logger = {
      debug: quiet,
      log: quiet,
      warn: quiet,
      error: (...details: unknown[]) => {
        if (details[0] instanceof ErrorEvent) reject(new Error(details[0].message))
      },
    }
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
