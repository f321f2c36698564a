import type { ChatCompletionRequestBase } from '@mlc-ai/web-llm'
import * as v from 'valibot'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { Digest } from '#core/protocol/ids.ts'
import {
  ModelDamagedError,
  ModelLoadError,
  NoGpuError,
  NoShaderF16Error,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type Judgement,
  type LoadProgress,
  type Token,
} from '#ports/engine.ts'
import { answerRoom, fitConversation, type FittedConversation } from './context-window.ts'
import type { Gpu, GpuAdapter } from './gpu.ts'
import type { Mlc } from './mlc.ts'
import { MlcRuntime } from './mlc-runtime.ts'
import type { KeptModel, ModelCache } from './model-cache.ts'
import { firstFiles, readControlTokens, type ControlTokens } from './model-files.ts'
import { asData } from './prompt-text.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { GRADES, qualityOfGrades, ratingPrompt } from './rating.ts'
import { StopStrings } from './stop-strings.ts'
import type { WebLlmModel } from './webllm-catalogue.ts'

export interface WebLlmInit {
  readonly models: readonly WebLlmModel[]
  readonly cache: ModelCache
  readonly gpu: Gpu
  /** Fetches web-llm: only once a model is about to be loaded. */
  importMlc(): Promise<Mlc>
}

interface Loaded {
  readonly runtime: MlcRuntime
  readonly model: WebLlmModel
  readonly control: ControlTokens
  /** Rules out what must not be said. */
  readonly ban: Readonly<Record<string, number>>
  /** Rules out everything but the grades. */
  readonly grades: Readonly<Record<string, number>>
  readonly description: EngineDescription
}

/** What web-llm puts before the answer of a thinking model that is told not to think; it counts it as tokens said. */
const EMPTY_THOUGHT = '<think>\n\n</think>\n\n'
const EMPTY_THOUGHT_TOKENS = 4

const MOST_BIAS = 100

/**
 * web-llm on WebGPU. Runs in a worker.
 *
 * Invariants: 1. `load` reads what `downloadModel` has kept, and asks no host for anything; 2. texts are data: no control
 * token is read from a message or an answer, or generated; 3. it does not queue, and after `EngineCrashedError` only
 * `load` in a new worker helps (both are `WorkerEngine`'s part).
 */
export class WebLlmEngine implements Engine {
  readonly #init: WebLlmInit
  #loaded: Loaded | null = null

  constructor(init: WebLlmInit) {
    this.#init = init
  }

  async load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    await this.unload()
    signal?.throwIfAborted()
    const { models, cache, gpu, importMlc } = this.#init
    const model = models.find(({ id }) => id === modelId)
    if (!model) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
    const adapter = await gpu.adapter()
    if (!adapter) throw new NoGpuError('There is no graphics device for WebGPU.')
    if (model.needsF16 && !adapter.f16) throw new NoShaderF16Error(`"${modelId}" needs 16-bit floats.`)
    const kept = await cache.require(modelId)
    const control = await this.#readControlTokens(model)
    const mlc = await importMlc()
    signal?.throwIfAborted()
    const report = rising(kept.totalBytes, onProgress)
    const runtime = await MlcRuntime.start({ mlc, gpu, model, kept, onProgress: report }, signal)
    try {
      const speed = await measureSpeed(runtime, signal)
      const description = describe(model, kept, mlc, adapter, speed)
      this.#loaded = { runtime, model, control, ban: ban(control), grades: gradesOnly(model, control), description }
    } catch (error) {
      await runtime.stop()
      throw error
    }
    report(1)
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    const { runtime, model, ban } = this.#require()
    const { signal } = options
    const text = new StopStrings(options.stop, model.thinks ? EMPTY_THOUGHT : '')
    const result: { -readonly [K in keyof Generation]: Generation[K] } = {
      text: '',
      tokens: 0,
      finish: 'aborted',
      droppedTurns: 0,
    }
    try {
      const room = answerRoom(model.contextTokens, options.maxTokens)
      const fitted = await this.#fit(messages, room, signal)
      result.droppedTurns = fitted.droppedTurns
      const request = {
        ...plain(model),
        messages: [...fitted.messages],
        stream: true as const,
        stream_options: { include_usage: true },
        max_tokens: options.maxTokens + (model.thinks ? EMPTY_THOUGHT_TOKENS : 0),
        temperature: options.temperature,
        top_p: 0.95,
        seed: options.seed,
        logit_bias: { ...ban },
      }
      for await (const chunk of runtime.stream(request, signal)) {
        const [choice] = chunk.choices
        // Each chunk but the last two is a token's; the usage, where it comes, is exact.
        if (choice && !choice.finish_reason) result.tokens++
        result.tokens = chunk.usage?.completion_tokens ?? result.tokens
        if (choice?.finish_reason === 'stop' || choice?.finish_reason === 'length') result.finish = choice.finish_reason
        const piece = choice?.finish_reason ? text.end() : text.push(choice?.delta.content ?? '')
        if (piece !== '') {
          result.text += piece
          yield { text: piece }
        }
        if (!text.hit) continue
        result.finish = 'stop'
        break
      }
    } catch (error) {
      if (!signal?.aborted) throw error
      result.finish = 'aborted'
    }
    return result
  }

  async judge(
    messages: readonly ChatMessage[],
    answers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Judgement[]> {
    const { model } = this.#require()
    signal?.throwIfAborted()
    const fitted = await this.#fit(messages, answerRoom(model.contextTokens), signal)
    const judgements: Judgement[] = []
    for (const answer of answers) {
      judgements.push({ quality: await this.#rate(fitted.messages, answer, signal), instrument: 'rating' })
    }
    return judgements
  }

  describe(): EngineDescription | null {
    return this.#loaded?.description ?? null
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = null
    await loaded?.runtime.stop()
  }

  async #rate(messages: readonly ChatMessage[], answer: string, signal: AbortSignal | undefined): Promise<number> {
    const { runtime, model, control, grades } = this.#require()
    try {
      const reply = await runtime.complete(
        {
          ...plain(model),
          messages: [...ratingPrompt(messages, asData(answer, control.texts))],
          max_tokens: 1,
          // The probabilities that web-llm reports are those after temperature and bias.
          temperature: 1,
          top_p: 1,
          seed: 0,
          logit_bias: { ...grades },
          logprobs: true,
          top_logprobs: GRADES.length,
        },
        signal,
      )
      const [first] = reply.choices[0]?.logprobs?.content ?? []
      return qualityOfGrades(first?.top_logprobs ?? []) ?? 0
    } catch (error) {
      // What this model cannot read to its end, it cannot vouch for.
      if (error instanceof PromptTooLongError) return 0
      throw error
    }
  }

  async #fit(
    messages: readonly ChatMessage[],
    roomTokens: number,
    signal: AbortSignal | undefined,
  ): Promise<FittedConversation> {
    const { runtime, model, control } = this.#require()
    const safe = messages.map(({ role, content }, index) => ({
      // web-llm knows instructions at the beginning only.
      role: role === 'system' && index > 0 ? ('user' as const) : role,
      content: asData(content, control.texts),
    }))
    const budgetTokens = model.contextTokens - roomTokens
    // Counting costs a prefill, so what is short beyond doubt is not counted.
    if (atMostTokens(safe) <= budgetTokens) return { messages: safe, droppedTurns: 0 }
    return fitConversation(safe, budgetTokens, (some) => countTokens(runtime, some, signal))
  }

  async #readControlTokens(model: WebLlmModel): Promise<ControlTokens> {
    const { cache } = this.#init
    const { config } = firstFiles(model)
    const configBytes = await cache.read(config)
    const tokenizer = await cache.read({ ...config, scope: 'webllm/model', url: `${model.weightsUrl}tokenizer.json` })
    if (!configBytes || !tokenizer) throw new ModelLoadError(`The browser has dropped a file of "${model.id}".`)
    return readControlTokens(model.id, configBytes, tokenizer)
  }

  #require(): Loaded {
    if (!this.#loaded) throw new ModelLoadError('No model is loaded.')
    return this.#loaded
  }
}

/** Nothing left to the model's configuration, so that equal calls mean the same with every model. */
const plain = ({ thinks }: WebLlmModel) =>
  ({
    repetition_penalty: 1,
    frequency_penalty: 0,
    presence_penalty: 0,
    ...(thinks && { extra_body: { enable_thinking: false } }),
  }) satisfies Partial<ChatCompletionRequestBase>

const ban = ({ unspeakable }: ControlTokens): Record<string, number> =>
  Object.fromEntries(unspeakable.map((id) => [id, -MOST_BIAS]))

/** The same for all grades, so their proportions stay what they were. */
function gradesOnly({ id }: WebLlmModel, control: ControlTokens): Record<string, number> {
  return Object.fromEntries(
    GRADES.map((grade) => {
      const token = control.idOf(grade)
      if (token === null) throw new ModelDamagedError(`The model "${id}" has no token for the grade ${grade}.`)
      return [token, MOST_BIAS]
    }),
  )
}

/** No token is shorter than a byte; the allowances are for what templates write around the messages. */
const atMostTokens = (messages: readonly ChatMessage[]): number =>
  messages.reduce((sum, { content }) => sum + new TextEncoder().encode(content).length + 16, 128)

/** web-llm tells a prompt's length only by running it, or by refusing it. */
async function countTokens(
  runtime: MlcRuntime,
  messages: readonly ChatMessage[],
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const reply = await runtime.complete({ messages: [...messages], max_tokens: 1 }, signal)
    return reply.usage?.prompt_tokens ?? 0
  } catch (error) {
    if (error instanceof PromptTooLongError) return error.tokens
    throw error
  }
}

type Speed = Pick<EngineDescription, 'prefillTokensPerSecond' | 'decodeTokensPerSecond' | 'judgeTokensPerSecond'>

/** The second of two short runs: the first one also compiles shaders. */
async function measureSpeed(runtime: MlcRuntime, signal: AbortSignal | undefined): Promise<Speed> {
  let speed: Speed = { prefillTokensPerSecond: 1, decodeTokensPerSecond: 1, judgeTokensPerSecond: 1 }
  for (const run of [1, 2]) {
    const content = `${run}: the quick brown fox jumps over the lazy dog`
    const reply = await runtime.complete(
      { messages: [{ role: 'user', content }], max_tokens: 16, ignore_eos: true },
      signal,
    )
    const { prefill_tokens_per_s: prefill = 1, decode_tokens_per_s: decode = 1 } = reply.usage?.extra ?? {}
    // A rating reads the answer as part of its prompt.
    const reading = positive(prefill)
    const decodeTokensPerSecond = positive(decode)
    speed = { prefillTokensPerSecond: reading, decodeTokensPerSecond, judgeTokensPerSecond: reading }
  }
  return speed
}

const positive = (perSecond: number): number => (Number.isFinite(perSecond) ? Math.max(1, Math.round(perSecond)) : 1)

function describe(model: WebLlmModel, kept: KeptModel, mlc: Mlc, adapter: GpuAdapter, speed: Speed): EngineDescription {
  const label = adapter.label.replace(/[^A-Za-z0-9.-]/g, '_').slice(0, 48)
  return {
    modelId: model.id,
    modelName: model.name,
    modelDigest: v.parse(Digest, kept.digest),
    engineClass: `web-llm-${mlc.version}/webgpu/${label}/ctx${model.contextTokens}`,
    tier: model.tier,
    contextTokens: model.contextTokens,
    instrument: 'rating',
    ...speed,
  }
}

/** web-llm reports shares, of the download first and then again of the upload to the device; a reader wants one rise. */
function rising(totalBytes: number, onProgress: ((progress: LoadProgress) => void) | undefined) {
  let highest = 0
  return (share: number): void => {
    highest = Math.max(highest, share)
    onProgress?.({ loadedBytes: Math.round(totalBytes * highest), totalBytes })
  }
}
