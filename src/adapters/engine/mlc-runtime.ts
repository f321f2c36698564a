import type {
  AppConfig,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequestNonStreaming,
  ChatCompletionRequestStreaming,
  InitProgressReport,
} from '@mlc-ai/web-llm'
import {
  DeviceLostError,
  EngineCrashedError,
  LibraryMismatchError,
  ModelDamagedError,
  ModelLoadError,
  NoGpuError,
  NoShaderF16Error,
} from '#ports/engine.ts'
import type { Gpu } from './gpu.ts'
import type { Mlc, MlcEngine } from './mlc.ts'
import type { KeptModel } from './model-cache.ts'
import { libraryFile } from './model-files.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import type { WebLlmModel } from './webllm-catalogue.ts'

export interface RuntimeInit {
  readonly mlc: Mlc
  readonly gpu: Gpu
  readonly model: WebLlmModel
  readonly kept: KeptModel
  readonly onProgress: (share: number) => void
}

/**
 * One MLCEngine with one model. Once its device is lost, the running call and all later ones throw
 * `EngineCrashedError`; only a new runtime, best in a new worker, helps.
 */
export class MlcRuntime {
  readonly #engine: MlcEngine
  readonly #unwatch: () => void
  readonly #lost: Promise<never>

  private constructor(engine: MlcEngine, lost: Promise<never>, unwatch: () => void) {
    this.#engine = engine
    this.#lost = lost
    this.#unwatch = unwatch
  }

  /** Throws the `ModelLoadError` family, and the signal's reason: at once, while web-llm ends what it began. */
  static async start(init: RuntimeInit, signal?: AbortSignal): Promise<MlcRuntime> {
    const { mlc, gpu, model, onProgress } = init
    let lose: (reason: string) => void = () => {}
    const lost = new Promise<never>((_, reject) => {
      lose = (reason) => reject(new EngineCrashedError('The graphics device was lost.', { cause: reason }))
    })
    lost.catch(() => {})
    const unwatch = gpu.watch((reason) => lose(reason))
    const engine = mlc.engine(appConfig(init), (report) => onProgress(share(report)))
    try {
      const aborted = rejectOnAbort(signal)
      try {
        // `reload` also resolves when it was aborted.
        await Promise.race([engine.reload(model.id), lost, aborted.promise])
        signal?.throwIfAborted()
      } finally {
        aborted.stop()
      }
      return new MlcRuntime(engine, lost, unwatch)
    } catch (error) {
      unwatch()
      void Promise.resolve(engine.unload()).catch(() => {})
      signal?.throwIfAborted()
      throw loadError(error, model.id)
    }
  }

  /** Throws `PromptTooLongError`, `EngineCrashedError`, and the signal's reason. */
  async complete(request: ChatCompletionRequestNonStreaming, signal?: AbortSignal): Promise<ChatCompletion> {
    signal?.throwIfAborted()
    const interrupt = (): void => this.#engine.interruptGenerate()
    signal?.addEventListener('abort', interrupt, { once: true })
    try {
      const reply = await this.#guard(this.#engine.chatCompletion(request))
      signal?.throwIfAborted()
      return reply
    } finally {
      signal?.removeEventListener('abort', interrupt)
    }
  }

  /** The same errors. Ends after an abort with the token that was being computed. */
  async *stream(
    request: ChatCompletionRequestStreaming,
    signal?: AbortSignal,
  ): AsyncGenerator<ChatCompletionChunk, void, void> {
    signal?.throwIfAborted()
    const chunks = (await this.#guard(this.#engine.chatCompletion(request)))[Symbol.asyncIterator]()
    try {
      for (;;) {
        const next = await this.#guard(chunks.next())
        signal?.throwIfAborted()
        if (next.done) return
        yield next.value
      }
    } finally {
      // Frees web-llm's lock; of a lost device nothing answers any more.
      await Promise.race([chunks.return?.(undefined), this.#lost]).catch(() => {})
    }
  }

  async stop(): Promise<void> {
    this.#unwatch()
    await Promise.race([this.#engine.unload(), this.#lost]).catch(() => {})
  }

  async #guard<T>(call: Promise<T>): Promise<T> {
    try {
      return await Promise.race([call, this.#lost])
    } catch (error) {
      if (error instanceof EngineCrashedError) throw error
      const tooLong = nameOf(error) === 'ContextWindowSizeExceededError' && TOO_LONG.exec((error as Error).message)
      if (tooLong) throw new PromptTooLongError(Number(tooLong[1]))
      throw new EngineCrashedError('The model stopped working.', { cause: error })
    }
  }
}

const TOO_LONG = /number of prompt tokens: (\d+)/

/** web-llm's own entry, held against what was checked when the files came. */
function appConfig({ mlc, model, kept }: RuntimeInit): AppConfig {
  const record = mlc.record(model.id)
  if (!record) throw new LibraryMismatchError(`This version of web-llm does not know the model "${model.id}".`)
  const sri = (name: string): string | undefined => {
    const digest = kept.integrity[name]
    return digest === undefined ? undefined : `sha256-${digest}`
  }
  const config = sri('mlc-chat-config.json')
  const library = sri(libraryFile(model).name)
  const tokenizer = sri('tokenizer.json')
  const integrity = {
    ...(config && { config }),
    ...(library && { model_lib: library }),
    ...(tokenizer && { tokenizer: { 'tokenizer.json': tokenizer } }),
    onFailure: 'error' as const,
  }
  return { model_list: [{ ...record, integrity }], cacheBackend: 'cache' }
}

/** It divides by zero before it knows the total. */
const share = ({ progress }: InitProgressReport): number => (progress > 0 && progress <= 1 ? progress : 0)

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '')

/** What went wrong, by web-llm's own names, and by its words where it throws plain errors. */
function loadError(error: unknown, modelId: string): Error {
  if (error instanceof ModelLoadError) return error
  const options = { cause: error }
  const message = error instanceof Error ? error.message : String(error)
  switch (nameOf(error)) {
    case 'EngineCrashedError':
    case 'DeviceLostError':
      return new DeviceLostError(`The graphics device was lost while "${modelId}" was loaded.`, options)
    case 'WebGPUNotAvailableError':
    case 'WebGPUNotFoundError':
      return new NoGpuError('There is no graphics device for WebGPU.', options)
    case 'ShaderF16SupportError':
      return new NoShaderF16Error(`"${modelId}" needs 16-bit floats on the graphics device.`, options)
    case 'IntegrityError':
      return new ModelDamagedError(`A file of the model "${modelId}" has changed since it was checked.`, options)
    case 'LinkError':
    case 'CompileError':
      return new LibraryMismatchError(`The library of "${modelId}" does not fit this version.`, options)
  }
  if (/compatible GPU/i.test(message)) return new NoGpuError('There is no graphics device for WebGPU.', options)
  if (/cannot find .*(function|in exports)/i.test(message)) {
    return new LibraryMismatchError(`The library of "${modelId}" does not fit this version.`, options)
  }
  return new ModelLoadError(`The model "${modelId}" could not be loaded: ${message}`, options)
}

function rejectOnAbort(signal: AbortSignal | undefined): { promise: Promise<never>; stop: () => void } {
  let reject: (reason: unknown) => void = () => {}
  const promise = new Promise<never>((_, fail) => (reject = fail))
  promise.catch(() => {})
  const abort = (): void => reject(signal?.reason)
  if (signal?.aborted) abort()
  signal?.addEventListener('abort', abort, { once: true })
  return { promise, stop: () => signal?.removeEventListener('abort', abort) }
}
