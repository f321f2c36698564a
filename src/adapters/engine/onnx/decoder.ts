import { nextTask } from './next-task.ts'
import { PrefixCache, type Prefix } from './prefix-cache.ts'
import type { ModelCache, ModelOutput, TokenModel } from './slice-chain.ts'

export interface DecoderInit {
  readonly model: TokenModel
  readonly vocabulary: number
  /** Tokens that are read at once. */
  readonly chunkTokens: number
  readonly contextTokens: number
  /** Of the cache. */
  readonly bytesPerToken: number
}

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined
  /** Whether to go on from what others say that they have read. */
  readonly borrowed?: boolean
}

/** Prefixes kept of what was read, and as many of what was borrowed. */
const KEPT_PREFIXES = 4
const KEPT_BYTES = 128 * 1024 * 1024

/**
 * Reads tokens and continues them.
 *
 * Invariants: 1. chunks begin at multiples of `chunkTokens`, and only whole chunks that were read, never decoded, are
 * taken from the cache, so what comes out depends on the tokens alone, bit by bit, whatever was asked before;
 * 2. what others read, and what was read on top of it, is kept apart, and taken only where the caller says so: nobody
 * can check it but by reading, and it may be rounded; 3. the caches are bounded, by number and bytes.
 */
export class Decoder {
  readonly #init: DecoderInit
  readonly #own: PrefixCache
  readonly #borrowed: PrefixCache

  constructor(init: DecoderInit) {
    this.#init = init
    const { chunkTokens, bytesPerToken, model } = init
    const bounds = { chunkTokens, bytesPerToken, maxPrefixes: KEPT_PREFIXES, maxBytes: KEPT_BYTES }
    const truncate = model.truncate.bind(model)
    this.#own = new PrefixCache({ ...bounds, truncate })
    this.#borrowed = new PrefixCache({ ...bounds, truncate })
  }

  get contextTokens(): number {
    return this.#init.contextTokens
  }

  /**
   * Reads tokens. `onLogits` gets, for every position of `wanted` (ascending), the logits of what follows it,
   * [vocabulary]: a view that holds until it returns. Returns the cache to go on from. Throws the signal's reason
   * between chunks.
   */
  async read(
    tokens: readonly number[],
    wanted: readonly number[],
    onLogits: (logits: Float32Array, position: number) => void,
    { signal, borrowed = false }: ReadOptions = {},
  ): Promise<ModelCache> {
    const { model, chunkTokens, vocabulary } = this.#init
    // Positions whose logits are wanted must be read, cached or not.
    const before = wanted[0] ?? tokens.length
    const own = this.#own.find(tokens, before)
    const lent = borrowed ? this.#borrowed.find(tokens, before) : null
    const [known, keeper] =
      lent && lent.tokens.length > (own?.tokens.length ?? 0) ? [lent, this.#borrowed] : [own, this.#own]
    let cache = known?.cache ?? model.empty
    let whole = cache
    for (let start = cache.positions; start < tokens.length; start += chunkTokens) {
      signal?.throwIfAborted()
      const chunk = tokens.slice(start, start + chunkTokens)
      const chosen = wanted.map((position) => position - start).filter((index) => index >= 0 && index < chunk.length)
      // The head wants at least one row, needed or not.
      const output = await model.run(chunk, cache, chosen.length > 0 ? chosen : [chunk.length - 1])
      cache = output.cache
      if (chunk.length === chunkTokens) whole = cache
      for (const [row, index] of chosen.entries()) {
        onLogits(output.logits.subarray(row * vocabulary, (row + 1) * vocabulary), start + index)
      }
      if (signal) await nextTask()
    }
    keeper.keep({ tokens: tokens.slice(0, whole.positions), cache: whole })
    return cache
  }

  /** Reads one token after the others. Returns the logits of what follows it. */
  async step(token: number, past: ModelCache): Promise<ModelOutput> {
    return this.#init.model.run([token], past, [0])
  }

  /** What was read here of the beginning of these tokens, and is kept still; null for nothing. */
  known(tokens: readonly number[]): Prefix | null {
    return this.#own.find(tokens, tokens.length)
  }

  /** Takes over what another node has read: whole chunks. */
  borrow(prefix: Prefix): void {
    this.#borrowed.keep(prefix)
  }

  /** Forgets all prefixes. */
  clear(): void {
    this.#own.clear()
    this.#borrowed.clear()
  }
}
