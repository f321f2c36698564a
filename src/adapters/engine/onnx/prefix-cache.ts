import type { ModelCache } from './slice-chain.ts'

/** What a model remembers of some tokens. */
export interface Prefix {
  readonly tokens: readonly number[]
  readonly cache: ModelCache
}

export interface PrefixCacheInit {
  /** Prefixes are kept, and found, in whole chunks. */
  readonly chunkTokens: number
  readonly bytesPerToken: number
  readonly maxPrefixes: number
  readonly maxBytes: number
  readonly truncate: (cache: ModelCache, positions: number) => ModelCache
}

/**
 * Prefixes of conversations, so that each of several that take turns finds its own.
 *
 * Invariant: bounded by number and by bytes; the oldest go first, and one that is too long loses its end.
 */
export class PrefixCache {
  readonly #init: PrefixCacheInit
  /** Latest last. */
  #kept: readonly Prefix[] = []

  constructor(init: PrefixCacheInit) {
    this.#init = init
  }

  /** The longest prefix in common with `tokens` that ends before `before`; null where there is none. */
  find(tokens: readonly number[], before: number): Prefix | null {
    let longest = 0
    let best: Prefix | null = null
    for (const kept of this.#kept) {
      const whole = this.#whole(Math.min(before, commonLength(kept.tokens, tokens)))
      if (whole <= longest) continue
      longest = whole
      best = kept
    }
    return best && this.#cut(best, longest)
  }

  keep(prefix: Prefix): void {
    const { bytesPerToken, maxPrefixes, maxBytes } = this.#init
    const length = this.#whole(Math.min(prefix.tokens.length, Math.floor(maxBytes / bytesPerToken)))
    if (length === 0) return
    const covers = (longer: Prefix): boolean => commonLength(longer.tokens, prefix.tokens) >= length
    const covering = this.#kept.find(covers)
    const latest = covering ?? this.#cut(prefix, length)
    const others = this.#kept.filter((kept) => commonLength(latest.tokens, kept.tokens) < kept.tokens.length)
    let bytes = 0
    this.#kept = [...others, latest]
      .toReversed()
      .slice(0, maxPrefixes)
      .filter(({ tokens }) => (bytes += tokens.length * bytesPerToken) <= maxBytes)
      .toReversed()
  }

  clear(): void {
    this.#kept = []
  }

  #whole(tokens: number): number {
    return tokens - (tokens % this.#init.chunkTokens)
  }

  #cut({ tokens, cache }: Prefix, length: number): Prefix {
    if (length === tokens.length) return { tokens, cache }
    return { tokens: tokens.slice(0, length), cache: this.#init.truncate(cache, length) }
  }
}

function commonLength(a: readonly number[], b: readonly number[]): number {
  let same = 0
  while (same < a.length && same < b.length && a[same] === b[same]) same++
  return same
}
