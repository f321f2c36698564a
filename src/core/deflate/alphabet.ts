/** The alphabets of DEFLATE (RFC 1951, 3.2.5 to 3.2.7), which both directions share. */

/** Symbols below are bytes; above, lengths. */
export const END_OF_BLOCK = 256

export const MIN_MATCH = 3
export const MAX_MATCH = 258
export const MAX_DISTANCE = 32_768
export const MAX_CODE_BITS = 15

/** A range of values that shares one symbol: the first of them, and how many bits say which. */
export interface Range {
  readonly base: number
  readonly extraBits: number
}

function ranges(base: number, extraBits: readonly number[]): Range[] {
  let next = base
  return extraBits.map((extra) => {
    const range = { base: next, extraBits: extra }
    next += 1 << extra
    return range
  })
}

/** Of lengths, from symbol 257. The longest has a symbol of its own, so the range before it is one short. */
export const LENGTHS: readonly Range[] = [
  ...ranges(MIN_MATCH, [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5]),
  { base: MAX_MATCH, extraBits: 0 },
]

/** Of distances, from symbol 0. */
export const DISTANCES: readonly Range[] = ranges(
  1,
  Array.from({ length: 30 }, (_, symbol) => Math.max(0, (symbol >> 1) - 1)),
)

/** The order in which a block's header gives the lengths of the code for code lengths. */
export const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const

/** Runs in a list of code lengths, by symbol: of the length before (16), or of zeros. */
export const RUNS: Readonly<Record<number, Range>> = {
  16: { base: 3, extraBits: 2 },
  17: { base: 3, extraBits: 3 },
  18: { base: 11, extraBits: 7 },
}

/** The codes of a block with fixed codes. */
export const FIXED_LITERAL_BITS = Array.from({ length: 288 }, (_, s) => (s < 144 ? 8 : s < 256 ? 9 : s < 280 ? 7 : 8))
export const FIXED_DISTANCE_BITS = Array.from({ length: 30 }, () => 5)
