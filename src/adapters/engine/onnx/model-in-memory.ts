import type { ChatMessage } from '#core/protocol/messages.ts'
import { fitConversation } from '../context-window.ts'
import { readGguf } from '../gguf-layout.ts'
import { asData } from '../prompt-text.ts'
import type { RatedToken } from '../rating.ts'
import { ChatTemplate } from './chat-template.ts'
import { buildSlice, type Slice } from './decoder-graph.ts'
import { Decoder } from './decoder.ts'
import { GgufTokenizer } from './gguf-tokenizer.ts'
import { GgufWeights } from './gguf-weights.ts'
import { layerWidth, readShape, type ModelShape } from './model-shape.ts'
import { packPrefix, unpackPrefix, type PrefixFit, type PrefixPrecision } from './prefix-format.ts'
import { logProbability } from './sampler.ts'
import { SliceChain, type ModelCache, type ModelOutput, type TokenModel } from './slice-chain.ts'
import { SliceSession, type Ort } from './slice-session.ts'

export interface FittedPrompt {
  /** As data, and without the turns that were left out. */
  readonly messages: readonly ChatMessage[]
  readonly tokens: readonly number[]
  readonly droppedTurns: number
}

/** Tokens read at once in WASM: larger chunks are no faster, and smaller ones leave more of a prefix to be reused. */
const CHUNK_TOKENS = 32

export interface StartOptions {
  /** The layers at which the model is divided into slices; none for a whole one. */
  readonly cuts?: readonly number[]
  readonly provider?: 'wasm' | 'webgpu'
  /** Tokens read at once, or how to find out. */
  readonly chunkTokens?: (model: TokenModel, sizes: ModelSizes) => Promise<number>
}

export interface ModelSizes {
  readonly vocabulary: number
  readonly contextTokens: number
}

/** A GGUF model, ready to run: its tokenizer, its template and its slices. */
export class OnnxModelInMemory implements ModelSizes {
  readonly tokenizer: GgufTokenizer
  readonly chunkTokens: number
  readonly #template: ChatTemplate
  readonly #decoder: Decoder
  readonly #sessions: readonly SliceSession[]
  readonly #chain: SliceChain
  readonly #shape: ModelShape

  private constructor(
    tokenizer: GgufTokenizer,
    template: ChatTemplate,
    sessions: readonly SliceSession[],
    shape: ModelShape,
    contextTokens: number,
    chunkTokens: number,
  ) {
    this.tokenizer = tokenizer
    this.chunkTokens = chunkTokens
    this.#template = template
    this.#sessions = sessions
    this.#shape = shape
    this.#chain = new SliceChain(sessions)
    this.#decoder = new Decoder({
      model: this.#chain,
      vocabulary: shape.vocabulary,
      chunkTokens,
      contextTokens,
      bytesPerToken: shape.layers * 2 * layerWidth(shape) * Float32Array.BYTES_PER_ELEMENT,
    })
  }

  /** Throws `ModelLoadError`, `ModelUnsupportedError`, and what `chunkTokens` throws. */
  static async start(
    ort: Ort,
    file: Uint8Array<ArrayBuffer>,
    contextTokens: number,
    { cuts = [], provider = 'wasm', chunkTokens }: StartOptions = {},
  ): Promise<OnnxModelInMemory> {
    const layout = readGguf(file)
    const shape = readShape(layout)
    const tokenizer = new GgufTokenizer(layout)
    const { endToken, bosToken } = tokenizer
    const template = new ChatTemplate(
      layout,
      bosToken === null ? '' : tokenizer.textOf(bosToken),
      tokenizer.textOf(endToken),
    )
    const weights = new GgufWeights(file, layout)
    const context = Math.min(contextTokens, shape.contextTokens)
    const bounds = [0, ...cuts, shape.layers]
    const sessions: SliceSession[] = []
    try {
      for (const [index, from] of bounds.slice(0, -1).entries()) {
        const slice: Slice = { from, to: bounds[index + 1] ?? shape.layers }
        sessions.push(await SliceSession.start(ort, buildSlice(shape, weights, slice, context), shape, slice, provider))
      }
      const sizes = { vocabulary: shape.vocabulary, contextTokens: context }
      const chunk = (await chunkTokens?.(new SliceChain(sessions), sizes)) ?? CHUNK_TOKENS
      return new OnnxModelInMemory(tokenizer, template, sessions, shape, context, chunk)
    } catch (error) {
      await Promise.all(sessions.map((session) => session.stop()))
      throw error
    }
  }

  /** What turns tokens into logits. */
  get tokenModel(): TokenModel {
    return this.#chain
  }

  /** Texts that end a turn, where no token does. */
  get stopTexts(): readonly string[] {
    return this.#template.stop
  }

  get vocabulary(): number {
    return this.#shape.vocabulary
  }

  get contextTokens(): number {
    return this.#decoder.contextTokens
  }

  /** The prompt of a conversation, without the oldest turns that leave no room. Throws `ContextOverflowError`. */
  async fit(messages: readonly ChatMessage[], roomTokens: number): Promise<FittedPrompt> {
    const safe = messages.map(({ role, content }) => ({ role, content: this.asData(content) }))
    const encode = (some: readonly ChatMessage[]) => this.tokenizer.encodePrompt(this.#template.render(some))
    const fitted = await fitConversation(safe, this.contextTokens - roomTokens, (some) =>
      Promise.resolve(encode(some).length),
    )
    return { ...fitted, tokens: encode(fitted.messages) }
  }

  /** The tokens of a prompt that is data already; null where it leaves no room for so many more. */
  fitting(messages: readonly ChatMessage[], roomTokens: number): readonly number[] | null {
    const tokens = this.tokenizer.encodePrompt(this.#template.render(messages))
    return tokens.length + roomTokens <= this.contextTokens ? tokens : null
  }

  /** Log-probabilities of texts that are one token, as the next one, among all tokens. */
  async nextOf(prompt: readonly number[], texts: readonly string[], signal?: AbortSignal): Promise<RatedToken[]> {
    const found: RatedToken[] = []
    await this.read(
      prompt,
      [prompt.length - 1],
      (logits) => {
        for (const text of texts) {
          const [token, ...more] = this.tokenizer.encodeText(text)
          if (token === undefined || more.length > 0) continue
          found.push({ token: text, logprob: logProbability(logits, token) })
        }
      },
      { signal },
    )
    return found
  }

  /** A message without anything that the model would read as more than text. */
  asData(text: string): string {
    return asData(text, [...this.tokenizer.controlTexts, ...this.#template.marks])
  }

  read(...call: Parameters<Decoder['read']>): Promise<ModelCache> {
    return this.#decoder.read(...call)
  }

  step(token: number, past: ModelCache): Promise<ModelOutput> {
    return this.#decoder.step(token, past)
  }

  /** The log-probability of each token of a continuation, in one pass. */
  async score(prompt: readonly number[], continuation: readonly number[], signal?: AbortSignal): Promise<number[]> {
    const whole = [...prompt, ...continuation]
    const found: number[] = []
    const read = whole.slice(0, -1)
    await this.#decoder.read(
      read,
      continuation.map((_, index) => prompt.length - 1 + index),
      (logits, position) => found.push(logProbability(logits, whole[position + 1] ?? 0)),
      { signal },
    )
    return found
  }

  /** Rules out what an answer may not hold: control tokens other than a turn's end. Changes the array. */
  sayable(logits: Float32Array): Float32Array {
    const { controlTokens, endTokens } = this.tokenizer
    for (const token of controlTokens) if (!endTokens.has(token)) logits[token] = -Infinity
    return logits
  }

  /** What was read here of the beginning of these tokens, for another node of the same model; null for nothing. */
  exportPrefix(
    tokens: readonly number[],
    modelDigest: string,
    precision: PrefixPrecision,
  ): Uint8Array<ArrayBuffer> | null {
    const known = this.#decoder.known(tokens)
    if (!known) return null
    const values = this.#chain.valuesOf(known.cache)
    return packPrefix({ tokens: known.tokens, values }, this.#prefixFit(modelDigest), precision)
  }

  /** Takes over what another node has read. Returns its tokens. Throws `PrefixRefusedError`. */
  importPrefix(bytes: Uint8Array, modelDigest: string): readonly number[] {
    const { tokens, values } = unpackPrefix(bytes, this.#prefixFit(modelDigest))
    this.#decoder.borrow({ tokens, cache: this.#chain.cacheOf(values, tokens.length) })
    return tokens
  }

  #prefixFit(modelDigest: string): PrefixFit {
    const { vocabulary, layers } = this.#shape
    const { contextTokens, chunkTokens } = this
    return { modelDigest, vocabulary, contextTokens, chunkTokens, layers, layerWidth: layerWidth(this.#shape) }
  }

  /** Forgets what it has read. */
  forget(): void {
    this.#decoder.clear()
  }

  async stop(): Promise<void> {
    this.forget()
    await Promise.all(this.#sessions.map((session) => session.stop()))
  }
}
