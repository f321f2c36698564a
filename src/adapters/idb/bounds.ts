/** How much a table keeps. Reasons stand with the numbers. */
export interface Bound {
  readonly maxCount: number
  readonly maxBytes: number
}

/** Known peers: a returning tab needs a few that are still there, and asks those for more. */
export const PEER_BOUND: Bound = { maxCount: 200, maxBytes: Infinity }

/**
 * Sessions: one of the usual size is 20 to 40 kB, so both bounds say about the same; the bytes also hold
 * where strangers' sessions are padded to the limit. 64 MiB is far below what any browser grants one origin
 * (the least is some hundreds of MB), and a thousand sessions are more evidence than a reputation needs.
 */
export const SESSION_BOUND: Bound = { maxCount: 1_000, maxBytes: 64 * 1024 * 1024 }

/** What a bound needs to know of a record; small, so that keeping it never reads the records themselves. */
export interface Weight {
  readonly sizeBytes: number
  /** Smaller ones are given up first, compared item by item, as arrays of numbers are compared in IndexedDB. */
  readonly worth: readonly [own: 0 | 1, atMs: number]
}

export interface Total {
  readonly count: number
  readonly sizeBytes: number
}

export function isWithin(total: Total, bound: Bound): boolean {
  return total.count <= bound.maxCount && total.sizeBytes <= bound.maxBytes
}

export function byWorth(a: Weight, b: Weight): number {
  return a.worth[0] - b.worth[0] || a.worth[1] - b.worth[1]
}
