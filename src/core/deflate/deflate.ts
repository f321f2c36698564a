import { CODE_LENGTH_ORDER, DISTANCES, END_OF_BLOCK, LENGTHS, MAX_CODE_BITS, RUNS, type Range } from './alphabet.ts'
import { codeBits, codeWords } from './huffman.ts'
import { findMatches, type Token } from './matches.ts'

/** What a text that cannot be compressed grows by: the header of one stored block. */
export const STORED_OVERHEAD_BYTES = 5

/** One stored block holds no more. */
const MAX_INPUT_BYTES = 0xffff

/**
 * Compresses to raw DEFLATE (RFC 1951): one block with codes of its own, or stored where that is shorter. The same
 * input gives the same output everywhere, which matters where it is encrypted under a nonce that follows from the input.
 * Throws RangeError on more than 65,535 bytes.
 */
export function deflate(bytes: Uint8Array): Uint8Array {
  if (bytes.length > MAX_INPUT_BYTES) throw new RangeError('too long for one block')
  const coded = codedBlock(findMatches(bytes))
  return coded.length < bytes.length + STORED_OVERHEAD_BYTES ? coded : storedBlock(bytes)
}

function storedBlock(bytes: Uint8Array): Uint8Array {
  const { length } = bytes
  return Uint8Array.of(1, length & 0xff, length >> 8, ~length & 0xff, (~length >> 8) & 0xff, ...bytes)
}

/** A symbol of the alphabet `of`, and the bits that follow its word. */
interface Emission {
  readonly of: 'literal' | 'distance'
  readonly symbol: number
  readonly extraBits: number
  readonly extra: number
}

function codedBlock(tokens: readonly Token[]): Uint8Array {
  const emissions = [...tokens.flatMap(emissionsOf), literal(END_OF_BLOCK)]
  const literalBits = bitsFor(emissions, 'literal', END_OF_BLOCK + 1 + LENGTHS.length)
  const distanceBits = bitsFor(emissions, 'distance', DISTANCES.length)
  const literalWords = codeWords(literalBits)
  const distanceWords = codeWords(distanceBits)
  const out = new BitWriter()
  out.write(1, 1)
  out.write(2, 2)
  writeCodes(out, literalBits, distanceBits)
  for (const { of, symbol, extra, extraBits } of emissions) {
    const [bits, words] = of === 'literal' ? [literalBits, literalWords] : [distanceBits, distanceWords]
    out.write(words[symbol] ?? 0, bits[symbol] ?? 0)
    out.write(extra, extraBits)
  }
  return out.bytes
}

function emissionsOf(token: Token): Emission[] {
  if (typeof token === 'number') return [literal(token)]
  const length = lookUp(LENGTHS, token.length)
  const distance = lookUp(DISTANCES, token.distance)
  return [
    { of: 'literal', ...length, symbol: END_OF_BLOCK + 1 + length.symbol },
    { of: 'distance', ...distance },
  ]
}

const literal = (symbol: number): Emission => ({ of: 'literal', symbol, extra: 0, extraBits: 0 })

function lookUp(ranges: readonly Range[], value: number) {
  const symbol = ranges.findLastIndex(({ base }) => base <= value)
  const { base, extraBits } = ranges[symbol] as Range
  return { symbol, extra: value - base, extraBits }
}

/** Lengths of the words, without those of unused symbols at the end. At least one, as the header demands. */
function bitsFor(emissions: readonly Emission[], of: Emission['of'], size: number): number[] {
  const frequencies = new Array<number>(size).fill(0)
  for (const emission of emissions) {
    if (emission.of === of) frequencies[emission.symbol] = (frequencies[emission.symbol] ?? 0) + 1
  }
  const bits = codeBits(frequencies, MAX_CODE_BITS)
  return bits.slice(0, Math.max(1, bits.findLastIndex((length) => length > 0) + 1))
}

function writeCodes(out: BitWriter, literalBits: readonly number[], distanceBits: readonly number[]): void {
  const lengths = runLengths([...literalBits, ...distanceBits])
  const frequencies = new Array<number>(CODE_LENGTH_ORDER.length).fill(0)
  for (const { symbol } of lengths) frequencies[symbol] = (frequencies[symbol] ?? 0) + 1
  const headerBits = codeBits(frequencies, 7)
  const headerWords = codeWords(headerBits)
  const given = Math.max(4, CODE_LENGTH_ORDER.findLastIndex((symbol) => (headerBits[symbol] ?? 0) > 0) + 1)
  out.write(literalBits.length - 257, 5)
  out.write(distanceBits.length - 1, 5)
  out.write(given - 4, 4)
  for (const symbol of CODE_LENGTH_ORDER.slice(0, given)) out.write(headerBits[symbol] ?? 0, 3)
  for (const { symbol, extra } of lengths) {
    out.write(headerWords[symbol] ?? 0, headerBits[symbol] ?? 0)
    out.write(extra, RUNS[symbol]?.extraBits ?? 0)
  }
}

/** Code lengths with their repetitions as runs, the longest first. */
function runLengths(lengths: readonly number[]): { symbol: number; extra: number }[] {
  const written: { symbol: number; extra: number }[] = []
  for (let at = 0; at < lengths.length;) {
    const length = lengths[at] as number
    const repeats = length !== 0 && length === lengths[at - 1]
    let same = 1
    while (lengths[at + same] === length) same++
    const run = length === 0 ? (same >= 11 ? 18 : 17) : 16
    const { base, extraBits } = RUNS[run] as Range
    if ((length === 0 || repeats) && same >= base) {
      const taken = Math.min(same, base + (1 << extraBits) - 1)
      written.push({ symbol: run, extra: taken - base })
      at += taken
    } else {
      written.push({ symbol: length, extra: 0 })
      at++
    }
  }
  return written
}

/** Bits from the lowest of each byte upwards. */
class BitWriter {
  readonly #bytes: number[] = []
  #pending = 0
  #count = 0

  write(value: number, bits: number): void {
    this.#pending |= value << this.#count
    this.#count += bits
    for (; this.#count >= 8; this.#count -= 8) {
      this.#bytes.push(this.#pending & 0xff)
      this.#pending >>>= 8
    }
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#count > 0 ? [...this.#bytes, this.#pending] : this.#bytes)
  }
}
