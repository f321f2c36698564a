import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { narrowToHalves, widenHalves } from '#adapters/engine/onnx/half-floats.ts'
import { packPrefix, unpackPrefix, type PrefixFit } from '#adapters/engine/onnx/prefix-format.ts'
import { PrefixRefusedError } from '#ports/engine.ts'

const FIT: PrefixFit = {
  modelDigest: 'ab'.repeat(32),
  vocabulary: 100,
  contextTokens: 16,
  chunkTokens: 4,
  layers: 2,
  layerWidth: 6,
}
const TOKENS = [1, 2, 3, 4, 5, 6, 7, 99]
const VALUES = Array.from({ length: 4 }, (_, part) =>
  Float32Array.from({ length: TOKENS.length * 6 }, (_, index) => Math.sin(part * 100 + index) * 3),
)
const PREFIX = { tokens: TOKENS, values: VALUES }

describe('half-precision numbers', () => {
  test('come back the same, all that are numbers', () => {
    const halves = Uint16Array.from({ length: 1 << 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00)
    const back = narrowToHalves(widenHalves(halves))
    expect(halves.filter((half, index) => half !== back[index])).toHaveLength(0)
  })

  test('are the nearest', () => {
    const single = fc.float({ min: -65504, max: 65504, noNaN: true })
    fc.assert(
      fc.property(single, (value) => {
        const [half = 0] = narrowToHalves(Float32Array.of(value))
        const [found = NaN, below = NaN, above = NaN] = widenHalves(Uint16Array.of(half, half - 1, half + 1))
        for (const other of [below, above]) {
          if (Number.isFinite(other)) expect(Math.abs(found - value)).toBeLessThanOrEqual(Math.abs(other - value))
        }
      }),
    )
  })

  test('have a largest, which stands for all beyond', () => {
    const beyond = Float32Array.of(65504, 65519, 65520, 1e9, Infinity, -1e9)
    expect(Array.from(widenHalves(narrowToHalves(beyond)))).toEqual([65504, 65504, 65504, 65504, 65504, -65504])
  })

  test('go to even where two are equally near', () => {
    const ties = Float32Array.of(1 + 2 ** -11, 1 + 3 * 2 ** -11, 2 ** -25, 3 * 2 ** -25)
    expect(Array.from(widenHalves(narrowToHalves(ties)))).toEqual([1, 1 + 2 ** -9, 0, 2 ** -23])
  })
})

describe('a prefix as bytes', () => {
  test('keeps every bit in single precision, wherever in memory it lies', () => {
    const packed = packPrefix(PREFIX, FIT, 'f32')
    const shifted = new Uint8Array(packed.length + 1)
    shifted.set(packed, 1)
    expect(unpackPrefix(shifted.subarray(1), FIT)).toEqual(PREFIX)
  })

  test('has half the bytes in half precision, and is off by a 2048th at most', () => {
    const packed = packPrefix(PREFIX, FIT, 'f16')
    const { tokens, values } = unpackPrefix(packed, FIT)
    expect(tokens).toEqual(TOKENS)
    values.flatMap((part, i) =>
      part.forEach((value, j) => {
        const exact = VALUES[i]?.[j] ?? NaN
        expect(Math.abs(value - exact)).toBeLessThanOrEqual(Math.abs(exact) / 2048 + 2 ** -25)
      }),
    )
    expect(packed.length).toBe(52 + 32 + 4 * 8 * 6 * 2)
  })

  const broken: readonly (readonly [string, (bytes: Uint8Array) => Uint8Array])[] = [
    ['nothing', () => new Uint8Array(0)],
    ['a head alone', (bytes) => bytes.subarray(0, 52)],
    ['too short', (bytes) => bytes.subarray(0, -1)],
    ['too long', (bytes) => Uint8Array.of(...bytes, 0)],
    ['of another format', (bytes) => bytes.fill(0, 0, 1)],
    ['of another version', (bytes) => bytes.fill(2, 4, 5)],
    ['of numbers of three bytes', (bytes) => bytes.fill(3, 5, 6)],
    ['of another model', (bytes) => bytes.fill(0, 8, 9)],
    ['of no tokens', (bytes) => bytes.fill(0, 40, 41)],
    ['of half a chunk', (bytes) => bytes.fill(6, 40, 41)],
    ['of more tokens than the context has', (bytes) => bytes.fill(20, 40, 41)],
    ['of four thousand million tokens', (bytes) => bytes.fill(0xff, 40, 44)],
    ['of another number of layers', (bytes) => bytes.fill(3, 44, 45)],
    ['of wider layers', (bytes) => bytes.fill(0xff, 48, 52)],
    ['with a token that is not in the vocabulary', (bytes) => bytes.fill(100, 52, 53)],
    ['with what is not a number', (bytes) => bytes.fill(0xff, 90, 94)],
  ]
  test.each(broken)('is refused: %s', (_, breakIt) => {
    for (const precision of ['f16', 'f32'] as const) {
      const bytes = breakIt(packPrefix(PREFIX, FIT, precision))
      expect(() => unpackPrefix(bytes, FIT)).toThrow(PrefixRefusedError)
    }
  })

  test('is refused or read, whatever the bytes', () => {
    const good = packPrefix(PREFIX, FIT, 'f16')
    const change = fc.record({ at: fc.nat(good.length - 1), byte: fc.nat(255) })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), fc.nat(good.length), (changes, length) => {
        const bytes = good.slice(0, length % 3 === 0 ? length : good.length)
        for (const { at, byte } of changes) if (at < bytes.length) bytes[at] = byte
        try {
          const { tokens, values } = unpackPrefix(bytes, FIT)
          expect(tokens.length).toBe(8)
          expect(values.every((part) => part.every(Number.isFinite))).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(PrefixRefusedError)
        }
      }),
      { numRuns: 2_000 },
    )
  })
})
