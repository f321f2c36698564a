import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { utf8ToBytes } from '#core/bytes.ts'
import { deflate, STORED_OVERHEAD_BYTES } from '#core/deflate/deflate.ts'
import { inflate } from '#core/deflate/inflate.ts'
import { proseOf } from '#support/prose.ts'

vi.setConfig({ testTimeout: 60_000 })

/** Bytes that repeat themselves more or less, as texts do. */
const repetitive = fc
  .array(fc.tuple(fc.uint8Array({ maxLength: 40 }), fc.nat({ max: 30 })), { maxLength: 20 })
  .map((parts) =>
    Uint8Array.from(parts.flatMap(([bytes, times]) => Array.from({ length: times }, () => [...bytes]).flat())),
  )
const bytes = fc.oneof(repetitive, fc.uint8Array({ maxLength: 2000 }))

/** Fibonacci's numbers as frequencies give the longest words that Huffman's code can have. */
const lopsided = Uint8Array.from(
  Array.from({ length: 21 })
    .reduce<number[]>((f) => [...f, (f.at(-1) ?? 0) + (f.at(-2) ?? 1)], [])
    .flatMap((f, symbol) => Array.from({ length: f }, () => symbol)),
)

describe('deflate', () => {
  test('zlib and inflate give back what went in', () => {
    fc.assert(
      fc.property(bytes, (input) => {
        const small = deflate(input)
        expect(new Uint8Array(inflateRawSync(small))).toEqual(input)
        expect(inflate(small, input.length)).toEqual(input)
        expect(small.length).toBeLessThanOrEqual(input.length + STORED_OVERHEAD_BYTES)
      }),
      { numRuns: 300 },
    )
  })

  test.each([
    ['nothing', new Uint8Array()],
    ['one byte', Uint8Array.of(7)],
    ['one byte many times', new Uint8Array(65_535)],
    ['words of more than 15 bits, were they not levelled', lopsided],
    [
      'a repetition further back than may be',
      Uint8Array.from({ length: 40_000 }, (_, i) => (i % 33_000 < 9 ? i % 33_000 : (i * i) >> 3)),
    ],
    ['prose', utf8ToBytes(proseOf(1, 32_768))],
  ])('%s', (_, input) => {
    const small = deflate(input)
    expect(new Uint8Array(inflateRawSync(small))).toEqual(input)
    expect(inflate(small, input.length)).toEqual(input)
  })

  test('is within 2 % of zlib at its best', () => {
    for (const sizeBytes of [200, 1000, 2000, 16_000]) {
      const texts = Array.from({ length: 10 }, (_, seed) => utf8ToBytes(proseOf(seed, sizeBytes)))
      const sum = (compress: (text: Uint8Array) => Uint8Array) =>
        texts.reduce((total, text) => total + compress(text).length, 0)
      expect(sum(deflate)).toBeLessThan(1.02 * sum((text) => deflateRawSync(text, { level: 9 })))
    }
  })

  test('refuses more than a block holds', () => {
    expect(() => deflate(new Uint8Array(65_536))).toThrow(RangeError)
  })
})

describe('inflate', () => {
  test('reads every kind of block that zlib writes', () => {
    const strategies = [constants.Z_FIXED, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_DEFAULT_STRATEGY]
    fc.assert(
      fc.property(bytes, fc.constantFrom(...strategies), fc.nat({ max: 9 }), (input, strategy, level) => {
        const small = deflateRawSync(input, { strategy, level })
        expect(inflate(small, input.length)).toEqual(input)
      }),
      { numRuns: 300 },
    )
    const long = utf8ToBytes(proseOf(3, 200_000))
    expect(inflate(deflateRawSync(long), long.length)).toEqual(long)
  })

  test('SEAL-2: refuses what would give more than it may, without making it', () => {
    const bomb = deflateRawSync(new Uint8Array(100_000_000), { level: 9 })
    expect(bomb.length).toBeLessThan(100_000)
    expect(inflate(bomb, 16_384)).toBeNull()
    expect(inflate(deflate(new Uint8Array(100)), 99)).toBeNull()
    expect(inflate(deflate(new Uint8Array(100)), 100)).toEqual(new Uint8Array(100))
  })

  test('agrees with zlib about damage, and never throws', () => {
    const small = deflate(utf8ToBytes(proseOf(4, 500)))
    fc.assert(
      fc.property(fc.nat({ max: small.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        const damaged = small.with(at, (small[at] ?? 0) ^ mask)
        const read = inflate(damaged, 100_000)
        if (read) expect(read).toEqual(new Uint8Array(inflateRawSync(damaged)))
      }),
      { numRuns: 500 },
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void inflate(noise, 1000)))
  })

  test('refuses what ends too soon, and what goes on after the end', () => {
    const small = deflate(utf8ToBytes(proseOf(5, 300)))
    for (let length = 0; length < small.length; length++) expect(inflate(small.subarray(0, length), 1000)).toBeNull()
    expect(inflate(Uint8Array.from([...small, 0]), 1000)).toBeNull()
  })
})
