import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { PrefixCache } from '#adapters/engine/onnx/prefix-cache.ts'

const CHUNK = 4

const cacheOf = (maxPrefixes: number, maxTokens: number): PrefixCache =>
  new PrefixCache({
    chunkTokens: CHUNK,
    bytesPerToken: 10,
    maxPrefixes,
    maxBytes: maxTokens * 10,
    truncate: (cache, positions) => ({ ...cache, positions }),
  })

const prefix = (tokens: readonly number[]) => ({ tokens, cache: { positions: tokens.length, slices: [] } })
const run = (first: number, length: number): number[] => Array.from({ length }, (_, index) => first + index)

test('a prefix is found as far as it is the same, in whole chunks, before a position', () => {
  const kept = cacheOf(2, 100)
  kept.keep(prefix(run(0, 10)))
  expect(kept.find(run(0, 10), 10)).toEqual(prefix(run(0, 8)))
  expect(kept.find([...run(0, 6), 99, 99], 8)).toEqual(prefix(run(0, 4)))
  expect(kept.find(run(0, 10), 7)).toEqual(prefix(run(0, 4)))
  expect(kept.find(run(1, 10), 10)).toBeNull()
})

test('the oldest go where the bytes are used up, and what is asked for again is not old', () => {
  const kept = cacheOf(9, 24)
  for (const first of [100, 200, 300]) kept.keep(prefix(run(first, 8)))
  kept.keep(prefix(run(100, 8)))
  kept.keep(prefix(run(400, 8)))
  expect([100, 200, 300, 400].map((first) => kept.find(run(first, 8), 8) !== null)).toEqual([true, false, true, true])
})

test('a prefix that is too long loses its end', () => {
  const kept = cacheOf(9, 10)
  kept.keep(prefix(run(0, 40)))
  expect(kept.find(run(0, 40), 40)).toEqual(prefix(run(0, 8)))
})

test('whatever is kept, the bounds hold and what is found is a beginning', () => {
  const tokens = fc.array(fc.integer({ min: 0, max: 2 }), { maxLength: 30 })
  fc.assert(
    fc.property(fc.array(tokens, { maxLength: 20 }), tokens, (all, asked) => {
      const kept = cacheOf(3, 20)
      for (const one of all) kept.keep(prefix(one))
      const found = kept.find(asked, asked.length)
      if (!found) return
      expect(found.tokens).toEqual(asked.slice(0, found.tokens.length))
      expect(found.tokens.length % CHUNK).toBe(0)
      expect(found.tokens.length).toBeLessThanOrEqual(20)
      expect(found.cache.positions).toBe(found.tokens.length)
    }),
  )
})
