import { deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { utf8ToBytes } from '#core/bytes.ts'
import { compress, COMPRESSION_OVERHEAD_BYTES, decompress } from '#core/compression.ts'
import { MAX_TASK_BYTES } from '#core/protocol/limits.ts'
import { createDice } from '#support/sim-dice.ts'
import { proseOf } from '#support/prose.ts'

describe('compression', () => {
  test('zlib reads what was written, and no noise grows beyond the overhead', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (input) => {
        const small = compress(input)
        expect(new Uint8Array(inflateRawSync(small))).toEqual(input)
        expect(decompress(small, input.length)).toEqual(input)
        expect(small.length).toBeLessThanOrEqual(input.length + COMPRESSION_OVERHEAD_BYTES)
      }),
    )
    const noise = createDice(1, 1).bytes(MAX_TASK_BYTES)
    expect(decompress(compress(noise), noise.length)).toEqual(noise)
    expect(compress(noise).length).toBeLessThanOrEqual(noise.length + COMPRESSION_OVERHEAD_BYTES)
  })

  test('English takes less than 0.6 of its length', () => {
    const text = utf8ToBytes(proseOf(1, 2000))
    expect(compress(text).length).toBeLessThan(0.6 * text.length)
  })

  test('SEAL-2: what would give more than it may is refused, without being made', () => {
    const bomb = deflateRawSync(new Uint8Array(100_000_000), { level: 9 })
    expect(decompress(bomb, 16_384)).toBeNull()
    expect(decompress(compress(new Uint8Array(100)), 99)).toBeNull()
    expect(decompress(compress(new Uint8Array(100)), 100)).toEqual(new Uint8Array(100))
  })

  test('damage never throws', () => {
    const small = compress(utf8ToBytes(proseOf(4, 500)))
    fc.assert(
      fc.property(fc.nat({ max: small.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, mask) => {
        decompress(small.with(at, (small[at] ?? 0) ^ mask), 100_000)
      }),
    )
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => void decompress(noise, 1000)))
    expect(decompress(small.subarray(0, small.length - 1), 1000)).toBeNull()
  })
})
