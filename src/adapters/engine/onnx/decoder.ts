import { nextTask } from './next-task.ts'
import type { SliceCache, SliceOutput, SliceSession } from './slice-session.ts'

/** A model whole, in one slice or several: whatever turns tokens into logits. */
export interface TokenModel {
  readonly empty: ModelCache
  /** The same cache up to a position. */
  truncate(cache: ModelCache, positions: number): ModelCache
  run(tokens: readonly number[], past: ModelCache, chosen: readonly number[]): Promise<ModelOutput>
}

/** One slice's cache after the other. */
export interface ModelCache {
  readonly positions: number
  readonly slices: readonly SliceCache[]
}

export interface ModelOutput {
  readonly cache: ModelCache
  /** float32 [chosen, vocabulary] */
  readonly logits: Float32Array
}

/** Slices that follow each other, in one place. */
export class SliceChain implements TokenModel {
  readonly #slices: readonly SliceSession[]

  constructor(slices: readonly SliceSession[]) {
    this.#slices = slices
  }

  get empty(): ModelCache {
    return { positions: 0, slices: this.#slices.map((slice) => slice.empty) }
  }

  truncate(cache: ModelCache, positions: number): ModelCache {
    const slices = this.#slices.map((slice, index) => slice.truncate(cache.slices[index] ?? slice.empty, positions))
    return { positions, slices }
  }

  async run(tokens: readonly number[], past: ModelCache, chosen: readonly number[]): Promise<ModelOutput> {
    const caches: SliceCache[] = []
    let last: SliceOutput | null = null
    for (const [index, slice] of this.#slices.entries()) {
      const input = last?.hidden ? { hidden: last.hidden, length: tokens.length } : { tokens }
      const before = past.slices[index]
      if (!before) throw new Error('the cache is of another model')
      last = await slice.run(input, before, chosen)
      caches.push(last.cache)
    }
    return {
      cache: { positions: past.positions + tokens.length, slices: caches },
      logits: last?.logits ?? new Float32Array(0),
    }
  }
}

export interface DecoderInit {
  readonly model: TokenModel
  readonly vocabulary: number
  /** Tokens that are read at once. */
  readonly chunkTokens: number
  readonly contextTokens: number
}

interface Prefix {
  readonly tokens: readonly number[]
  readonly cache: ModelCache
}

/** Prefixes kept of what was read; conversations that take turns each find theirs. */
const KEPT_PREFIXES = 4

/**
 * Reads tokens and continues them.
 *
 * Invariants: 1. chunks begin at multiples of `chunkTokens`, and only whole chunks that were read, never decoded, are
 * taken from the cache, so what comes out depends on the tokens alone, bit by bit, whatever was asked before;
 * 2. the cache is bounded by `KEPT_PREFIXES` contexts.
 */
export class Decoder {
  readonly #init: DecoderInit
  /** Latest last. Each is of a whole number of chunks. */
  #kept: Prefix[] = []

  constructor(init: DecoderInit) {
    this.#init = init
  }

  get contextTokens(): number {
    return this.#init.contextTokens
  }

  /**
   * Reads tokens. `onLogits` gets, for every position from `from` on, the logits of what follows it, [vocabulary]: a
   * view that holds until it returns. Returns the cache to go on from. Throws the signal's reason between chunks.
   */
  async read(
    tokens: readonly number[],
    from: number,
    onLogits: (logits: Float32Array, position: number) => void,
    signal?: AbortSignal,
  ): Promise<ModelCache> {
    const { model, chunkTokens, vocabulary } = this.#init
    // Positions whose logits are wanted must be read, cached or not.
    let cache = this.#recall(tokens, from)
    let whole = cache
    for (let start = cache.positions; start < tokens.length; start += chunkTokens) {
      signal?.throwIfAborted()
      const chunk = tokens.slice(start, start + chunkTokens)
      const first = Math.max(0, from - start)
      const chosen = Array.from({ length: Math.max(0, chunk.length - first) }, (_, index) => first + index)
      // The head wants at least one row, needed or not.
      const output = await model.run(chunk, cache, chosen.length > 0 ? chosen : [chunk.length - 1])
      cache = output.cache
      if (chunk.length === chunkTokens) whole = cache
      for (const [row, place] of chosen.entries()) {
        onLogits(output.logits.subarray(row * vocabulary, (row + 1) * vocabulary), start + place)
      }
      if (signal) await nextTask()
    }
    this.#keep({ tokens: tokens.slice(0, whole.positions), cache: whole })
    return cache
  }

  /** Reads one token after the others. Returns the logits of what follows it. */
  async step(token: number, past: ModelCache): Promise<ModelOutput> {
    return this.#init.model.run([token], past, [0])
  }

  /** Forgets all prefixes. */
  clear(): void {
    this.#kept = []
  }

  /** What is known of whole chunks that end before `before`. */
  #recall(tokens: readonly number[], before: number): ModelCache {
    const { model, chunkTokens } = this.#init
    let positions = 0
    let best = model.empty
    for (const kept of this.#kept) {
      const same = Math.min(before, commonLength(kept.tokens, tokens))
      const whole = same - (same % chunkTokens)
      if (whole <= positions) continue
      positions = whole
      best = kept.cache
    }
    return model.truncate(best, positions)
  }

  #keep(prefix: Prefix): void {
    const covers = (longer: Prefix, shorter: Prefix): boolean =>
      commonLength(longer.tokens, shorter.tokens) === shorter.tokens.length
    if (this.#kept.some((kept) => covers(kept, prefix))) return
    this.#kept = [...this.#kept.filter((kept) => !covers(prefix, kept)), prefix].slice(-KEPT_PREFIXES)
  }
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  let same = 0
  while (same < a.length && same < b.length && a[same] === b[same]) same++
  return same
}
