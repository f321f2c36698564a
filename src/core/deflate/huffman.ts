/**
 * Lengths of Huffman's code for these frequencies, 0 for what never comes. Where a word would be longer than
 * `maxBits`, the frequencies are levelled until none is. A symbol alone has one bit.
 */
export function codeBits(frequencies: readonly number[], maxBits: number): number[] {
  for (let levelled = frequencies; ; levelled = levelled.map((f) => (f > 0 ? (f >> 1) + 1 : 0))) {
    const bits = huffmanBits(levelled)
    if (bits.every((length) => length <= maxBits)) return bits
  }
}

interface Tree {
  readonly weight: number
  readonly symbols: readonly number[]
}

function huffmanBits(frequencies: readonly number[]): number[] {
  const bits = frequencies.map(() => 0)
  const trees: Tree[] = frequencies.flatMap((weight, symbol) => (weight > 0 ? [{ weight, symbols: [symbol] }] : []))
  const [only] = trees
  if (only && trees.length === 1) return bits.map((_, symbol) => (only.symbols.includes(symbol) ? 1 : 0))
  trees.sort((a, b) => b.weight - a.weight || (b.symbols[0] ?? 0) - (a.symbols[0] ?? 0))
  for (let a = trees.pop(), b = trees.pop(); a && b; a = trees.pop(), b = trees.pop()) {
    const joined = { weight: a.weight + b.weight, symbols: [...a.symbols, ...b.symbols] }
    for (const symbol of joined.symbols) bits[symbol] = (bits[symbol] ?? 0) + 1
    // Before those of the same weight, so that trees grow broad rather than deep.
    trees.splice(trees.findLastIndex((tree) => tree.weight > joined.weight) + 1, 0, joined)
  }
  return bits
}

/** The canonical words for these lengths (RFC 1951, 3.2.2), with their first bit lowest, as they are written. */
export function codeWords(bits: readonly number[]): number[] {
  const words = bits.map(() => 0)
  let word = 0
  for (let length = 1; length <= Math.max(0, ...bits); length++) {
    for (const [symbol, own] of bits.entries()) if (own === length) words[symbol] = reversed(word++, length)
    word <<= 1
  }
  return words
}

function reversed(word: number, length: number): number {
  let result = 0
  for (let i = 0; i < length; i++) result |= ((word >> i) & 1) << (length - 1 - i)
  return result
}
