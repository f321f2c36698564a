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
import { findMember, type CatalogueMember } from './catalogue.ts'
import { answerRoom, fitConversation, type FittedConversation } from './context-window.ts'
import { engineClass } from './engine-class.ts'
import { readGguf } from './gguf-layout.ts'
import { readVocabulary, type Vocabulary } from './gguf-vocabulary.ts'
import { grammarOf, likelihoodOf, qualityOf, spellable, type Likelihood } from './likelihood.ts'
import { fetchModelFile } from './model-file.ts'
import { asData } from './prompt-text.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { TokenChannel } from './token-channel.ts'
import { widenWeights } from './widen-weights.ts'
import { WllamaRuntime, type ChatChunk, type ChatRequest } from './wllama-runtime.ts'

interface Loaded {
  readonly runtime: WllamaRuntime
  readonly member: CatalogueMember
  readonly vocabulary: Vocabulary
  readonly description: EngineDescription
}

type Bias = ChatRequest['logit_bias']

/** Every character but surrogates, so that bytes which are no character are never sampled: they crash llama.cpp. */
const ANY_TEXT = String.raw`root ::= [\x01-\uD7FF\uE000-\U0010FFFF]*`
const NOTHING = 'root ::= ""'
const EMPTY_PROMPT: readonly ChatMessage[] = [{ role: 'user', content: '' }]

/**
 * llama.cpp in WASM, by wllama, on the models of this site's own catalogue. Runs in a worker; it needs `fetch`, and
 * starts a worker of its own.
 *
 * Invariants: 1. texts are data: no control token is read from a message or an answer, or generated; 2. the same
 * calls give bitwise the same results within one engine class; 3. it does not queue: callers take turns, and after
 * `EngineCrashedError` only `load` helps (both are `WorkerEngine`'s part).
 */
export class WllamaEngine implements Engine {
  readonly #modelsUrl: string
  #loaded: Loaded | null = null

  /** `modelsUrl`: the folder of `catalogue.json` and the model files, with its last slash. */
  constructor({ modelsUrl }: { modelsUrl: string }) {
    this.#modelsUrl = modelsUrl
  }

  async load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    await this.unload()
    const member = await findMember(this.#modelsUrl, modelId, signal)
    const file = await fetchModelFile(this.#modelsUrl, member, onProgress, signal)
    const layout = readGguf(file)
    const vocabulary = readVocabulary(layout)
    const runtime = await WllamaRuntime.start(widenWeights(file, layout), member.contextTokens)
    try {
      signal?.throwIfAborted()
      const speed = await measureSpeed(runtime, vocabulary)
      this.#loaded = { runtime, member, vocabulary, description: { ...describeMember(member), ...speed } }
    } catch (error) {
      await runtime.stop()
      throw error
    }
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    const { runtime, member, vocabulary } = this.#require()
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
      const fitted = await this.#fit(messages, answerRoom(member.contextTokens, options.maxTokens), signal)
      droppedTurns = fitted.droppedTurns
      const request = generationRequest(fitted.messages, options, bannedInAnswers(runtime, vocabulary))
      await runtime.stream(request, receive)
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
    const { member, vocabulary } = this.#require()
    const { judging } = member
    const fitted = await this.#fit(messages, answerRoom(member.contextTokens), signal)
    const texts = answers.map((answer) => spellable(answer, vocabulary))
    const given = await this.#likelihoods(fitted.messages, texts, signal)
    const alone = judging.normalisation === 'pmi' ? await this.#likelihoods(EMPTY_PROMPT, texts, signal) : []
    return given.map((likelihood, index) => ({
      instrument: judging.instrument,
      // What this model cannot read to its end, it cannot vouch for.
      quality: likelihood ? qualityOf(judging, likelihood, alone[index] ?? null) : 0,
    }))
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
    const { runtime, member, vocabulary } = this.#require()
    const safe = messages.map(({ role, content }) => ({ role, content: asData(content, vocabulary.controlTexts) }))
    const budgetTokens = member.contextTokens - roomTokens
    // Counting costs a prefill, so what is short beyond doubt is not counted.
    if (atMostTokens(safe) <= budgetTokens) return { messages: safe, droppedTurns: 0 }
    return fitConversation(safe, budgetTokens, (some) => countTokens(runtime, some, signal))
  }

  /** Null for an answer that the context cannot hold. */
  async #likelihoods(
    messages: readonly ChatMessage[],
    texts: readonly string[],
    signal: AbortSignal | undefined,
  ): Promise<(Likelihood | null)[]> {
    const { runtime, member, vocabulary } = this.#require()
    const results: (Likelihood | null)[] = []
    for (const text of texts) {
      const reply = await runtime.complete({
        messages,
        grammar: grammarOf(text),
        temperature: 0,
        max_tokens: member.contextTokens,
        logprobs: true,
        top_logprobs: 1,
        logit_bias: [...bannedInAnswers(runtime, vocabulary), ...banned(vocabulary.brokenTokens)],
        ...(signal && { abortSignal: signal }),
      })
      const [choice] = reply.choices
      const forced = (choice?.logprobs?.content ?? []).map(({ logprob }) => logprob)
      results.push(choice?.finish_reason === 'stop' ? likelihoodOf(forced) : null)
    }
    return results
  }
}

function generationRequest(messages: readonly ChatMessage[], options: GenerateOptions, bias: Bias): ChatRequest {
  return {
    messages,
    grammar: ANY_TEXT,
    logit_bias: bias,
    max_tokens: options.maxTokens,
    temperature: options.temperature,
    seed: options.seed,
    timings_per_token: true,
    ...(options.stop && { stop: options.stop }),
    ...(options.signal && { abortSignal: options.signal }),
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
async function measureSpeed(runtime: WllamaRuntime, vocabulary: Vocabulary): Promise<Speed> {
  let prefill = 1
  let decode = 1
  const start = performance.now()
  for (let run = 0; run < MIN_SPEED_RUNS || performance.now() - start < SPEED_BUDGET_MS; run++) {
    const { timings } = await runtime.complete({
      messages: [{ role: 'user', content: `${run}: the quick brown fox jumps over the lazy dog` }],
      grammar: 'root ::= [a-z ]*',
      temperature: 0,
      max_tokens: 8,
      logit_bias: [...bannedInAnswers(runtime, vocabulary), ...banned(runtime.endTokens)],
    })
    prefill = Math.max(prefill, timings.prompt_per_second)
    decode = Math.max(decode, timings.predicted_per_second)
  }
  return { prefillTokensPerSecond: Math.round(prefill), decodeTokensPerSecond: Math.round(decode) }
}

const MIN_SPEED_RUNS = 2
const SPEED_BUDGET_MS = 80

const banned = (tokens: readonly number[]): Bias => tokens.map((token) => [token, false])

/** Control tokens render as nothing, so an answer holding one could not be read back; the end is the exception. */
const bannedInAnswers = (runtime: WllamaRuntime, vocabulary: Vocabulary): Bias =>
  banned(vocabulary.controlTokens.filter((token) => !runtime.endTokens.includes(token)))

const describeMember = (member: CatalogueMember) => ({
  modelId: member.id,
  modelName: member.id,
  modelDigest: member.sha256,
  tier: member.tier,
  contextTokens: member.contextTokens,
  instrument: member.judging.instrument,
  engineClass: engineClass(wllamaVersion, Wllama.getLibllamaVersion(), member.contextTokens),
})
