import type { SliceCache, SliceOutput, SliceSession } from './slice-session.ts'

/** A model whole, in one slice or several: whatever turns tokens into logits. */
export interface TokenModel {
  readonly empty: ModelCache
  /** The same cache up to a position. */
  truncate(cache: ModelCache, positions: number): ModelCache
  run(tokens: readonly number[], past: ModelCache, chosen: readonly number[]): Promise<ModelOutput>
  /** The numbers of a cache: for each layer its keys, then its values, each [key heads, positions, head width]. */
  valuesOf(cache: ModelCache): readonly Float32Array[]
  cacheOf(values: readonly Float32Array[], positions: number): ModelCache
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

  valuesOf({ slices }: ModelCache): readonly Float32Array[] {
    return slices.flatMap(({ layers }) => layers.flatMap(({ key, value }) => [key.data, value.data]))
  }

  cacheOf(values: readonly Float32Array[], positions: number): ModelCache {
    let from = 0
    const slices = this.#slices.map((slice) => slice.cacheOf(values.slice(from, (from += slice.layers * 2)), positions))
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
