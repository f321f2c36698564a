import { createSeeded } from '#core/random/seeded.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import {
  ContextOverflowError,
  ModelLoadError,
  type Audit,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type GenerationClaim,
  type Judgement,
  type LoadProgress,
  type ScoringEngine,
  type Token,
} from '#ports/engine.ts'
import { answerRoom } from '../context-window.ts'
import { onnxEngineClass } from '../engine-class.ts'
import { judgeAnswers } from '../judge.ts'
import type { ModelSource, OpenedModel } from '../opened-model.ts'
import { StopStrings } from '../stop-strings.ts'
import { auditTokens } from './audit.ts'
import { startModel, type BackendsInit } from './backends.ts'
import { measureSpeed } from './measure-speed.ts'
import { nextTask } from './next-task.ts'
import type { OnnxModelInMemory } from './model-in-memory.ts'
import { readerOf } from './onnx-reader.ts'
import type { PrefixPrecision } from './prefix-format.ts'
import { sample, type Sampling } from './sampler.ts'

export interface OnnxEngineInit extends BackendsInit {
  readonly source: ModelSource
}

interface Loaded {
  readonly opened: OpenedModel
  readonly model: OnnxModelInMemory
  readonly description: EngineDescription
}

/**
 * The swarm's own engine: GGUF files of llama's kind as ONNX graphs, run by onnxruntime in tabs and in Node.
 *
 * Invariants: 1. texts are data: no control token is read from a message or an answer, or generated; 2. the same calls
 * give bitwise the same results within one engine class, whatever was asked before, except that `generate` goes on
 * from imported prefixes; 3. it does not queue: callers take turns.
 */
export class OnnxEngine implements Engine, ScoringEngine {
  readonly #init: OnnxEngineInit
  #loaded: Loaded | null = null

  constructor(init: OnnxEngineInit) {
    this.#init = init
  }

  async load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    await this.unload()
    signal?.throwIfAborted()
    const opened = await this.#init.source.open(modelId, onProgress, signal)
    const file = new Uint8Array(await opened.file.arrayBuffer())
    const { digest, contextTokens } = opened
    const { model, backend, fallback } = await startModel(this.#init, { file, digest, contextTokens })
    try {
      signal?.throwIfAborted()
      const speed = await measureSpeed(model)
      const { chunkTokens } = model
      const settings = {
        ortVersion: this.#init.ortVersion,
        digest,
        backend,
        chunkTokens,
        contextTokens: model.contextTokens,
      }
      const engineClass = onnxEngineClass(settings)
      this.#loaded = { opened, model, description: { ...describe(opened, model), engineClass, fallback, ...speed } }
    } catch (error) {
      await model.stop()
      throw error
    }
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    const { model } = this.#require()
    const { signal, maxTokens } = options
    const none: Generation = { text: '', tokens: 0, finish: 'aborted', droppedTurns: 0 }
    if (signal?.aborted) return none
    const fitted = await model.fit(messages, answerRoom(model.contextTokens, maxTokens))
    const { droppedTurns } = fitted
    const stop = new StopStrings([...(options.stop ?? []), ...model.stopTexts])
    const decoder = new TextDecoder()
    const said: number[] = []
    let text = ''
    let finish: Generation['finish'] = 'length'
    try {
      for await (const token of tokensOf(model, fitted.tokens, options, said)) {
        said.push(token)
        if (model.tokenizer.endTokens.has(token)) {
          finish = 'stop'
          break
        }
        const piece = stop.push(decoder.decode(model.tokenizer.bytesOf(token), { stream: true }))
        if (piece !== '') yield { text: piece }
        text += piece
        if (stop.hit) {
          finish = 'stop'
          break
        }
        if (said.length >= maxTokens || fitted.tokens.length + said.length >= model.contextTokens) break
      }
    } catch (error) {
      if (!signal?.aborted) throw error
      finish = 'aborted'
    }
    const rest = stop.push(decoder.decode()) + stop.end()
    if (rest !== '') yield { text: rest }
    return { text: text + rest, tokens: said.length, finish, droppedTurns, tokenIds: said }
  }

  async judge(
    messages: readonly ChatMessage[],
    answers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Judgement[]> {
    const { opened, model } = this.#require()
    const fitted = await model.fit(messages, answerRoom(model.contextTokens))
    return judgeAnswers(readerOf(model), opened.judging, fitted.messages, answers, signal)
  }

  async score(
    messages: readonly ChatMessage[],
    answer: string,
    signal?: AbortSignal,
  ): Promise<readonly number[] | null> {
    const { model } = this.#require()
    const fitted = await model.fit(messages, answerRoom(model.contextTokens))
    return readerOf(model).logProbabilities(fitted.messages, answer, signal)
  }

  async audit(claim: GenerationClaim, positions: readonly number[], signal?: AbortSignal): Promise<Audit | null> {
    const { model } = this.#require()
    signal?.throwIfAborted()
    try {
      const { tokens } = await model.fit(claim.messages, answerRoom(model.contextTokens, claim.options.maxTokens))
      return await auditTokens(model, tokens, claim, positions, signal)
    } catch (error) {
      if (error instanceof ContextOverflowError) return null
      throw error
    }
  }

  /** The tokens that `generate` would go on from. Throws `ContextOverflowError`. */
  async promptTokens(messages: readonly ChatMessage[], maxTokens: number): Promise<readonly number[]> {
    const { model } = this.#require()
    return (await model.fit(messages, answerRoom(model.contextTokens, maxTokens))).tokens
  }

  /**
   * What was read here of the beginning of these tokens, for a node with the same model file; null for nothing. In
   * half precision it has half the bytes, and what is generated on it differs in the third digit of a log-probability.
   */
  exportPrefix(tokens: readonly number[], precision: PrefixPrecision = 'f16'): Uint8Array<ArrayBuffer> | null {
    const { model, opened } = this.#require()
    return model.exportPrefix(tokens, opened.digest, precision)
  }

  /**
   * Takes over what another node has read, so that generating need not read it again. Whoever sent it decides what is
   * generated on it, so judging, scoring and auditing never use it. Returns how many tokens it holds. Throws
   * `PrefixRefusedError`.
   */
  importPrefix(bytes: Uint8Array): number {
    const { model, opened } = this.#require()
    return model.importPrefix(bytes, opened.digest).length
  }

  describe(): EngineDescription | null {
    return this.#loaded?.description ?? null
  }

  async unload(): Promise<void> {
    const loaded = this.#loaded
    this.#loaded = null
    await loaded?.model.stop()
  }

  #require(): Loaded {
    if (!this.#loaded) throw new ModelLoadError('No model is loaded.')
    return this.#loaded
  }
}

/** The tokens that follow a prompt, without end. Throws the signal's reason. */
async function* tokensOf(
  model: OnnxModelInMemory,
  prompt: readonly number[],
  { seed, signal, ...sampling }: Sampling & Pick<GenerateOptions, 'seed' | 'signal'>,
  said: readonly number[],
): AsyncGenerator<number, never, void> {
  const next = createSeeded(seed)
  const draw = (logits: Float32Array) => sample(model.sayable(logits), sampling, said, () => next() / 2 ** 32)
  let token = -1
  const start = (logits: Float32Array) => (token = draw(logits))
  let cache = await model.read(prompt, [prompt.length - 1], start, { signal, borrowed: true })
  for (;;) {
    yield token
    // An abort arrives as a message, and the computation lets none through.
    await nextTask()
    signal?.throwIfAborted()
    const output = await model.step(token, cache)
    cache = output.cache
    token = draw(output.logits)
  }
}

const describe = ({ id, name, digest, tier, judging }: OpenedModel, { contextTokens }: OnnxModelInMemory) => ({
  modelId: id,
  modelName: name,
  modelDigest: digest,
  tier,
  contextTokens,
  instrument: judging.instrument,
})
