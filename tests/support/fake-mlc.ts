import type {
  AppConfig,
  ChatCompletion,
  ChatCompletionChunk,
  ChatCompletionRequest,
  InitProgressReport,
  MLCEngineInterface,
} from '@mlc-ai/web-llm'
import type { Gpu, GpuAdapter } from '#adapters/engine/gpu.ts'
import type { Mlc, MlcEngine } from '#adapters/engine/mlc.ts'
import type { WebLlmModel } from '#adapters/engine/webllm-catalogue.ts'
import type { FakeCaches } from './fake-caches.ts'
import { CRASH } from './fake-engine.ts'
import { fakeAnswer, fakeQuality } from './fake-knowledge.ts'
import { BANNED_TOKEN, CONTROL_TEXTS } from './fake-model-host.ts'

/** A graphics device that can be taken away. */
export class FakeGpu implements Gpu {
  readonly #listeners = new Set<(reason: string) => void>()
  readonly #adapter: GpuAdapter | null

  constructor(
    adapter: GpuAdapter | null = { f16: true, maxBindingBytes: 2 ** 30, label: 'fake-one', software: false },
  ) {
    this.#adapter = adapter
  }

  adapter(): Promise<GpuAdapter | null> {
    return Promise.resolve(this.#adapter)
  }

  watch(onLost: (reason: string) => void): () => void {
    this.#listeners.add(onLost)
    return () => this.#listeners.delete(onLost)
  }

  lose(): void {
    for (const listener of this.#listeners) listener('out of memory')
  }
}

export interface FakeMlcOptions {
  readonly models: readonly WebLlmModel[]
  readonly caches: FakeCaches
  readonly gpu: FakeGpu
  /** What loading fails with, after the files were read. */
  readonly loadError?: Error
  /** Loading gets as far as the weights, and stays there. */
  readonly hangs?: boolean
}

/**
 * Stands in for web-llm at the adapter's boundary, and behaves as version 0.2.86 was read to behave: it takes its files
 * from the cache by the same names and checks their digests, resolves an aborted `reload`, streams what a stop string
 * then cuts, counts an empty thought as tokens, and waits for ever when its device is lost. A token is a word.
 */
export class FakeMlc implements Mlc {
  readonly version = '0.0.0'
  readonly #options: FakeMlcOptions
  readonly engines: FakeMlcEngine[] = []

  constructor(options: FakeMlcOptions) {
    this.#options = options
  }

  record(modelId: string) {
    const model = this.#options.models.find(({ id }) => id === modelId)
    return model && { model_id: model.id, model: model.weightsUrl, model_lib: model.libraryUrl }
  }

  engine(appConfig: AppConfig, onProgress: (report: InitProgressReport) => void): MlcEngine {
    const engine = new FakeMlcEngine(appConfig, onProgress, this.#options)
    this.engines.push(engine)
    return engine
  }
}

class FakeMlcEngine {
  readonly requests: ChatCompletionRequest[] = []
  readonly #appConfig: AppConfig
  readonly #onProgress: (report: InitProgressReport) => void
  readonly #options: FakeMlcOptions
  #contextTokens = 0
  #interrupted = false
  unloaded = false

  constructor(appConfig: AppConfig, onProgress: (report: InitProgressReport) => void, options: FakeMlcOptions) {
    this.#appConfig = appConfig
    this.#onProgress = onProgress
    this.#options = options
  }

  async reload(modelId: string | string[]): Promise<void> {
    const { models, caches, loadError, hangs } = this.#options
    const [record] = this.#appConfig.model_list
    if (record?.model_id !== modelId) throw named('ModelNotFoundError', 'Cannot find model record')
    const read = async (scope: string, url: string, sri?: string) => {
      const bytes = caches.files.get(scope)?.get(url)
      if (!bytes) throw new Error(`web-llm would have fetched ${url}`)
      const digest = Buffer.from(await crypto.subtle.digest('SHA-256', bytes)).toString('base64')
      if (sri !== undefined && sri !== `sha256-${digest}`) throw named('IntegrityError', `${url} does not match`)
      return bytes
    }
    await read('webllm/config', `${record.model}mlc-chat-config.json`, record.integrity?.config)
    await read('webllm/wasm', record.model_lib, record.integrity?.model_lib)
    await read('webllm/model', `${record.model}tokenizer.json`, record.integrity?.tokenizer?.['tokenizer.json'])
    this.#report(Number.NaN)
    if (hangs) return new Promise(() => {})
    const manifest = await read('webllm/model', `${record.model}tensor-cache.json`)
    const { records } = JSON.parse(new TextDecoder().decode(manifest)) as { records: { dataPath: string }[] }
    for (const [i, { dataPath }] of records.entries()) {
      await read('webllm/model', `${record.model}${dataPath}`)
      this.#report((i + 1) / records.length)
    }
    if (loadError) throw loadError
    this.#contextTokens = models.find(({ id }) => id === modelId)?.contextTokens ?? 0
  }

  async unload(): Promise<void> {
    this.unloaded = true
  }

  readonly interruptGenerate = (): void => {
    this.#interrupted = true
  }

  readonly chatCompletion = (async (request: ChatCompletionRequest) => {
    this.requests.push(request)
    if (request.stream) return this.#stream(request)
    this.#interrupted = false
    const promptTokens = this.#prefill(request)
    await turn()
    if (contentOf(request).includes(CRASH)) return this.#lose()
    return {
      choices: [
        {
          finish_reason: this.#interrupted ? 'abort' : 'length',
          message: { role: 'assistant', content: 'a' },
          logprobs: request.logprobs ? { content: [{ top_logprobs: opinion(request) }] } : null,
        },
      ],
      usage: usage(promptTokens, 1),
    } as unknown as ChatCompletion
  }) as MLCEngineInterface['chatCompletion']

  async *#stream(request: ChatCompletionRequest): AsyncGenerator<ChatCompletionChunk, void, void> {
    this.#interrupted = false
    const promptTokens = this.#prefill(request)
    await turn()
    if (contentOf(request) === CRASH) await this.#lose()
    const thought = request.extra_body?.enable_thinking === false ? '<think>\n\n</think>\n\n' : ''
    const room = (request.max_tokens ?? Infinity) - (thought ? 4 : 0)
    const answer = fakeAnswer({
      self: 1,
      skill: 0.7,
      seed: request.seed ?? 0,
      temperature: request.temperature ?? 1,
      question: contentOf(request),
    })
    const words = answer.match(/\s*\S+/g) ?? []
    let said = 0
    for (const word of words) {
      if (said >= room || this.#interrupted) break
      await turn()
      yield chunk({ delta: { content: said === 0 ? thought + word : word }, finish_reason: null })
      said++
    }
    // A model that may say control tokens says one.
    if (request.logit_bias?.[BANNED_TOKEN] !== -100 && said < room)
      yield chunk({ delta: { content: CONTROL_TEXTS[1] } })
    const finish = this.#interrupted ? 'abort' : said < words.length ? 'length' : 'stop'
    yield chunk({ delta: {}, finish_reason: finish })
    yield { choices: [], usage: usage(promptTokens, said) } as unknown as ChatCompletionChunk
  }

  #prefill({ messages }: ChatCompletionRequest): number {
    const texts = messages.map(({ content }) => String(content))
    if (texts.some((text) => CONTROL_TEXTS.some((control) => text.includes(control)))) {
      throw new Error('a control token was read from a text')
    }
    if (texts.some((text) => !text.isWellFormed())) throw new Error('half a character')
    const tokens = texts.reduce((sum, text) => sum + text.split(/\s+/).length + 2, 0)
    if (tokens <= this.#contextTokens) return tokens
    const message = `Prompt tokens exceed context window size: number of prompt tokens: ${tokens}; context window size: 1`
    throw named('ContextWindowSizeExceededError', message)
  }

  async #lose(): Promise<never> {
    this.#options.gpu.lose()
    return new Promise<never>(() => {})
  }

  #report(progress: number): void {
    this.#onProgress({ progress, timeElapsed: 0, text: '' })
  }
}

/** One turn of the event loop: what a token takes. */
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const named = (name: string, message: string): Error => Object.assign(new Error(message), { name })

const contentOf = ({ messages }: ChatCompletionRequest): string => String(messages.at(-1)?.content ?? '')

const chunk = (choice: object): ChatCompletionChunk => ({ choices: [choice] }) as unknown as ChatCompletionChunk

const usage = (promptTokens: number, completionTokens: number) => ({
  prompt_tokens: promptTokens,
  completion_tokens: completionTokens,
  extra: { prefill_tokens_per_s: 900.4, decode_tokens_per_s: 45.6 },
})

const FENCES =
  /\[conversation (\w+)\]\n([\s\S]*)\n\[end of conversation \1\]\n\[answer \1\]\n([\s\S]*)\n\[end of answer \1\]/

/** What it thinks of the answer between the fences: a binomial distribution over the grades whose mean is its quality. */
function opinion(request: ChatCompletionRequest): { token: string; logprob: number }[] {
  const [, , conversation = '', answer = ''] = FENCES.exec(contentOf(request)) ?? []
  const question = conversation.slice(conversation.lastIndexOf('user: ') + 'user: '.length)
  const quality = fakeQuality({ self: 1, judgeNoise: 0.04, question, answer })
  const grades = [1, 4, 6, 4, 1].map((ways, k) => ({
    token: String(k + 1),
    id: 11 + k,
    logprob: Math.log(ways * quality ** k * (1 - quality) ** (4 - k)),
  }))
  // Left to itself it would rather say something else.
  const free = grades.some(({ id }) => request.logit_bias?.[id] !== 100) || request.temperature !== 1
  const likeliest = free ? [{ token: 'The', logprob: -0.01 }] : grades
  return likeliest.sort((a, b) => b.logprob - a.logprob).slice(0, request.top_logprobs ?? 0)
}
