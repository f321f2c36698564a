import {
  CODE_LENGTH_ORDER,
  DISTANCES,
  END_OF_BLOCK,
  FIXED_DISTANCE_BITS,
  FIXED_LITERAL_BITS,
  LENGTHS,
  MAX_CODE_BITS,
  RUNS,
} from './alphabet.ts'

/**
 * Decompresses raw DEFLATE (RFC 1951), synchronously and without a clock or a platform, so that simulations run it as
 * tabs do. Null for bytes that are no such stream, that hold more than it, or that would give more than `maxBytes`:
 * nothing beyond that is ever allocated.
 */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  try {
    const reader = new BitReader(bytes)
    const output = new Output(maxBytes)
    for (let last = false; !last;) {
      last = reader.bits(1) === 1
      inflateBlock(reader, output, reader.bits(2))
    }
    return reader.isAtEnd ? output.bytes : null
  } catch (error) {
    if (error instanceof DamagedError) return null
    throw error
  }
}

/** Stays in this file. */
class DamagedError extends Error {}

function inflateBlock(reader: BitReader, output: Output, type: number): void {
  if (type === 0) copyStored(reader, output)
  else if (type === 1) inflateCoded(reader, output, FIXED_LITERALS, FIXED_DISTANCES)
  else if (type === 2) inflateCoded(reader, output, ...readCodes(reader))
  else throw new DamagedError()
}

function copyStored(reader: BitReader, output: Output): void {
  reader.skipToByte()
  const length = reader.bits(16)
  if (reader.bits(16) !== (~length & 0xffff)) throw new DamagedError()
  for (let i = 0; i < length; i++) output.push(reader.bits(8))
}

function inflateCoded(reader: BitReader, output: Output, literals: Code, distances: Code): void {
  for (;;) {
    const symbol = reader.symbol(literals)
    if (symbol === END_OF_BLOCK) return
    if (symbol < END_OF_BLOCK) output.push(symbol)
    else {
      const length = reader.inRange(LENGTHS[symbol - END_OF_BLOCK - 1])
      output.repeat(length, reader.inRange(DISTANCES[reader.symbol(distances)]))
    }
  }
}

function readCodes(reader: BitReader): [Code, Code] {
  const literals = reader.bits(5) + 257
  const distances = reader.bits(5) + 1
  const headerBits = new Array<number>(CODE_LENGTH_ORDER.length).fill(0)
  const given = reader.bits(4) + 4
  for (const symbol of CODE_LENGTH_ORDER.slice(0, given)) headerBits[symbol] = reader.bits(3)
  const header = codeOf(headerBits)
  const lengths: number[] = []
  while (lengths.length < literals + distances) {
    const symbol = reader.symbol(header)
    const run = RUNS[symbol]
    const length = symbol === 16 ? lengths.at(-1) : run ? 0 : symbol
    if (length === undefined) throw new DamagedError()
    for (let i = run ? reader.inRange(run) : 1; i > 0; i--) lengths.push(length)
  }
  if (lengths.length > literals + distances) throw new DamagedError()
  return [codeOf(lengths.slice(0, literals)), codeOf(lengths.slice(literals))]
}

/** A canonical prefix code: how many words there are of each length, and the symbols in the order of their words. */
interface Code {
  readonly counts: readonly number[]
  readonly symbols: readonly number[]
}

function codeOf(bits: readonly number[]): Code {
  const symbols = bits.flatMap((length, symbol) => (length > 0 ? [symbol] : []))
  symbols.sort((a, b) => (bits[a] ?? 0) - (bits[b] ?? 0) || a - b)
  const counts = Array.from({ length: MAX_CODE_BITS + 1 }, () => 0)
  for (const symbol of symbols) counts[bits[symbol] ?? 0] = (counts[bits[symbol] ?? 0] ?? 0) + 1
  let free = 1
  for (const count of counts.slice(1)) {
    free = free * 2 - count
    if (free < 0) throw new DamagedError()
  }
  return { counts, symbols }
}

const FIXED_LITERALS = codeOf(FIXED_LITERAL_BITS)
const FIXED_DISTANCES = codeOf(FIXED_DISTANCE_BITS)

class BitReader {
  readonly #bytes: Uint8Array
  #at = 0
  #bit = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Whether the last byte was begun, and none is left. */
  get isAtEnd(): boolean {
    return this.#at + (this.#bit > 0 ? 1 : 0) === this.#bytes.length
  }

  bits(count: number): number {
    let value = 0
    for (let i = 0; i < count; i++) value |= this.#next() << i
    return value
  }

  skipToByte(): void {
    if (this.#bit > 0) this.#at++
    this.#bit = 0
  }

  inRange(range: { base: number; extraBits: number } | undefined): number {
    if (!range) throw new DamagedError()
    return range.base + this.bits(range.extraBits)
  }

  /** Bit by bit, as the canonical order allows: words of one length are consecutive numbers. */
  symbol({ counts, symbols }: Code): number {
    let word = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= MAX_CODE_BITS; length++) {
      word |= this.#next()
      const count = counts[length] ?? 0
      if (word - first < count) return symbols[index + word - first] as number
      index += count
      first = (first + count) << 1
      word <<= 1
    }
    throw new DamagedError()
  }

  #next(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new DamagedError()
    const bit = (byte >> this.#bit) & 1
    this.#bit = (this.#bit + 1) & 7
    if (this.#bit === 0) this.#at++
    return bit
  }
}

class Output {
  readonly #maxBytes: number
  readonly #bytes: number[] = []

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#bytes)
  }

  push(byte: number): void {
    if (this.#bytes.length === this.#maxBytes) throw new DamagedError()
    this.#bytes.push(byte)
  }

  repeat(length: number, distance: number): void {
    const from = this.#bytes.length - distance
    if (from < 0) throw new DamagedError()
    for (let i = 0; i < length; i++) this.push(this.#bytes[from + i] as number)
  }
}
