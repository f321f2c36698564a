import { Wllama } from '@wllama/wllama/esm/index.js'
import { version as wllamaVersion } from '@wllama/wllama/package.json'
import type { ChatMessage } from '#core/protocol/messages.ts'
import {
  ModelLoadError,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type Judgement,
  type LoadProgress,
  type Token,
} from '#ports/engine.ts'
import { chatTemplateOf, inTurns, type ChatTemplate } from './chat-template.ts'
import { answerRoom, fitConversation, type FittedConversation } from './context-window.ts'
import { engineClass } from './engine-class.ts'
import { readVocabulary } from './gguf-vocabulary.ts'
import { judgeAnswers } from './judge.ts'
import type { ModelSource, OpenedModel } from './opened-model.ts'
import { asData } from './prompt-text.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { TokenChannel } from './token-channel.ts'
import { gradesOnly, readerOf, type Bench } from './wllama-judging.ts'
import { ban, WllamaRuntime, type ChatChunk } from './wllama-runtime.ts'

interface Loaded extends Bench {
  readonly judging: OpenedModel['judging']
  readonly template: ChatTemplate
  readonly description: EngineDescription
}

/** Every character but surrogates, so that bytes which are no character are never sampled: they crash llama.cpp. */
const ANY_TEXT = String.raw`root ::= [\x01-\uD7FF\uE000-\U0010FFFF]*`
const NOTHING = 'root ::= ""'

/**
 * llama.cpp in WASM, by wllama, on GGUF models. Runs in a worker; it needs `fetch` or a file system, by its source, and
 * starts a worker of its own.
 *
 * Invariants: 1. texts are data: no control token is read from a message or an answer, or generated; 2. the same
 * calls give bitwise the same results within one engine class; 3. it does not queue: callers take turns, and after
 * `EngineCrashedError` only `load` helps (both are `WorkerEngine`'s part).
 */
export class WllamaEngine implements Engine {
  readonly #source: ModelSource
  #loaded: Loaded | null = null

  constructor(source: ModelSource) {
    this.#source = source
  }

  async load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    await this.unload()
    const model = await this.#source.open(modelId, onProgress, signal)
    const vocabulary = readVocabulary(model.layout)
    if (model.judging.instrument === 'rating') gradesOnly(vocabulary)
    const template = chatTemplateOf(model.layout)
    const runtime = await WllamaRuntime.start(model.file, model.contextTokens, template.name)
    try {
      signal?.throwIfAborted()
      // Control tokens render as nothing, so an answer holding one could not be read back; the end is the exception.
      const unspeakable = vocabulary.controlTokens.filter((token) => !runtime.endTokens.includes(token))
      // An answer that is cut within a character crashes llama.cpp; the site's own models have whole ones only.
      const cut = model.judging.instrument === 'rating' ? vocabulary.brokenTokens : []
      const banned = ban([...unspeakable, ...cut])
      const marks = [...vocabulary.controlTexts, ...template.marks]
      const bench = { runtime, vocabulary, contextTokens: model.contextTokens, banned, marks }
      const speed = await measureSpeed(bench)
      const { instrument } = model.judging
      // A likelihood is forced through token by token; a rating reads the answer as part of its prompt.
      const judging = instrument === 'rating' ? speed.prefillTokensPerSecond : speed.decodeTokensPerSecond
      const description = { ...describe(model), ...speed, judgeTokensPerSecond: judging }
      this.#loaded = { ...bench, judging: model.judging, template, description }
    } catch (error) {
      await runtime.stop()
      throw error
    }
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    const { runtime, contextTokens, banned, template } = this.#require()
    const { signal } = options
    let text = ''
    let tokens = 0
    let finish: Generation['finish'] = 'aborted'
    let droppedTurns = 0
    const channel = new TokenChannel()
    const receive = (chunk: ChatChunk): void => {
      tokens = chunk.timings?.predicted_n ?? tokens
      const [choice] = chunk.choices
      if (choice?.finish_reason) finish = choice.finish_reason
      const piece = choice?.delta.content
      if (!piece) return
      text += piece
      channel.push(piece)
    }
    const run = async (): Promise<void> => {
      const fitted = await this.#fit(messages, answerRoom(contextTokens, options.maxTokens), signal)
      droppedTurns = fitted.droppedTurns
      await runtime.stream(
        {
          messages: fitted.messages,
          grammar: ANY_TEXT,
          logit_bias: banned,
          max_tokens: options.maxTokens,
          temperature: options.temperature,
          seed: options.seed,
          timings_per_token: true,
          stop: [...(options.stop ?? []), ...template.stop],
          ...(signal && { abortSignal: signal }),
        },
        receive,
      )
    }
    const running = run().finally(() => channel.close())
    running.catch(() => {})
    yield* channel.tokens()
    try {
      await running
    } catch (error) {
      if (!signal?.aborted) throw error
      finish = 'aborted'
    }
    return { text, tokens, finish, droppedTurns }
  }

  async judge(
    messages: readonly ChatMessage[],
    answers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Judgement[]> {
    const loaded = this.#require()
    const { judging } = loaded
    const fitted = await this.#fit(messages, answerRoom(loaded.contextTokens), signal)
    return judgeAnswers(readerOf(loaded), judging, fitted.messages, answers, signal)
  }

  describe(): EngineDescription | null {
    return this.#loaded?.description ?? null
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = null
    await loaded?.runtime.stop()
  }

  #require(): Loaded {
    if (!this.#loaded) throw new ModelLoadError('No model is loaded.')
    return this.#loaded
  }

  async #fit(
    messages: readonly ChatMessage[],
    roomTokens: number,
    signal: AbortSignal | undefined,
  ): Promise<FittedConversation> {
    const { runtime, contextTokens, marks, judging } = this.#require()
    const safe = messages.map(({ role, content }) => ({ role, content: asData(content, marks) }))
    // The site's own models were trained on every order of roles; what others' templates refuse would end in a crash.
    const taken = judging.instrument === 'rating' ? inTurns(safe) : safe
    const budgetTokens = contextTokens - roomTokens
    // Counting costs a prefill, so what is short beyond doubt is not counted.
    if (atMostTokens(taken) <= budgetTokens) return { messages: taken, droppedTurns: 0 }
    return fitConversation(taken, budgetTokens, (some) => countTokens(runtime, some, signal))
  }
}

/** No token is shorter than a byte; the allowances are for what templates write around the messages. */
const atMostTokens = (messages: readonly ChatMessage[]): number =>
  messages.reduce((sum, { content }) => sum + new TextEncoder().encode(content).length + 16, 64)

/** llama.cpp tells a prompt's length only by running it, or by refusing it; what it ran stays in its cache. */
async function countTokens(
  runtime: WllamaRuntime,
  messages: readonly ChatMessage[],
  signal: AbortSignal | undefined,
): Promise<number> {
  try {
    const reply = await runtime.complete({
      messages,
      grammar: NOTHING,
      temperature: 0,
      max_tokens: 1,
      logit_bias: [],
      ...(signal && { abortSignal: signal }),
    })
    return reply.usage.prompt_tokens
  } catch (error) {
    if (error instanceof PromptTooLongError) return error.tokens
    throw error
  }
}

type Speed = Pick<EngineDescription, 'prefillTokensPerSecond' | 'decodeTokensPerSecond'>

/**
 * The best of a few short runs: the first ones measure how the browser compiles. Each prompt begins differently, or
 * llama.cpp would take it from its cache.
 */
async function measureSpeed({ runtime, banned }: Bench): Promise<Speed> {
  let prefill = 1
  let decode = 1
  const start = performance.now()
  for (let run = 0; run < MIN_SPEED_RUNS || performance.now() - start < SPEED_BUDGET_MS; run++) {
    const { timings } = await runtime.complete({
      messages: [{ role: 'user', content: `${run}: the quick brown fox jumps over the lazy dog` }],
      grammar: ANY_TEXT,
      temperature: 0,
      max_tokens: 8,
      logit_bias: [...banned, ...ban(runtime.endTokens)],
    })
    prefill = Math.max(prefill, timings.prompt_per_second)
    decode = Math.max(decode, timings.predicted_per_second)
  }
  return { prefillTokensPerSecond: Math.round(prefill), decodeTokensPerSecond: Math.round(decode) }
}

const MIN_SPEED_RUNS = 2
const SPEED_BUDGET_MS = 80

const describe = ({ id, name, digest, tier, contextTokens, judging }: OpenedModel) => ({
  modelId: id,
  modelName: name,
  modelDigest: digest,
  tier,
  contextTokens,
  instrument: judging.instrument,
  engineClass: engineClass(wllamaVersion, Wllama.getLibllamaVersion(), contextTokens),
})
