import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { likeliest, logProbability, missOf, sample, type Sampling } from '#adapters/engine/onnx/sampler.ts'
import { createSeeded } from '#core/random/seeded.ts'

const LOGITS = Float32Array.of(1, 3, 2, -Infinity, 3)

/** How often each token is drawn in 20,000 draws. */
function shares(logits: Float32Array, sampling: Sampling, said: readonly number[] = []): number[] {
  const next = createSeeded(1)
  const counts = new Array<number>(logits.length).fill(0)
  for (let draw = 0; draw < 20_000; draw++) {
    const token = sample(logits, sampling, said, () => next() / 2 ** 32)
    counts[token] = (counts[token] ?? 0) + 1 / 20_000
  }
  return counts
}

const softmax = (logits: readonly number[]) => {
  const weights = logits.map((logit) => Math.exp(logit))
  return weights.map((weight) => weight / weights.reduce((sum, other) => sum + other, 0))
}

test('no temperature takes the likeliest, the first of several', () => {
  expect(sample(LOGITS, { temperature: 0 }, [], () => 0.99)).toBe(1)
  expect(likeliest(LOGITS)).toBe(1)
})

test('a temperature draws by the softmax of what is left', () => {
  const expected = softmax([...LOGITS].map((logit) => logit / 1.5))
  for (const [token, share] of shares(LOGITS, { temperature: 1.5 }).entries()) {
    expect(share).toBeCloseTo(expected[token] ?? 0, 1)
  }
  expect(shares(LOGITS, { temperature: 1.5 })[3]).toBe(0)
})

describe('only some tokens are drawn', () => {
  const drawn = (sampling: Omit<Sampling, 'temperature'>, said: readonly number[] = []) =>
    shares(LOGITS, { temperature: 3, ...sampling }, said).flatMap((share, token) => (share > 0 ? [token] : []))

  test('the likeliest k', () => expect(drawn({ topK: 2 })).toEqual([1, 4]))
  test('those that together reach p', () => expect(drawn({ topP: 0.9 })).toEqual([1, 2, 4]))
  test('at least one, however small p is', () => expect(drawn({ topP: 0 })).toEqual([1]))
  test('those with a share of the best', () => expect(drawn({ minP: 0.2 })).toEqual([1, 2, 4]))
  test('all, where nothing is asked for', () => expect(drawn({})).toEqual([0, 1, 2, 4]))
  test('what was said gives way', () => expect(drawn({ topK: 1, repetitionPenalty: 2 }, [1])).toEqual([4]))
})

test('a penalty makes negative logits smaller too, and changes no logits of the caller', () => {
  const logits = Float32Array.of(-1, -1.5)
  expect(sample(logits, { temperature: 0, repetitionPenalty: 2 }, [0], () => 0)).toBe(1)
  expect([...logits]).toEqual([-1, -1.5])
})

test('log-probabilities are exact far from zero', () => {
  const far = Float32Array.of(1000, 1001, 999)
  const near = softmax([0, 1, -1])
  for (const [token, share] of near.entries()) expect(Math.exp(logProbability(far, token))).toBeCloseTo(share, 6)
  expect(logProbability(LOGITS, 3)).toBe(-Infinity)
})

describe('missOf', () => {
  const shared = fc.record({
    logits: fc.array(fc.float({ min: -6, max: 6, noNaN: true }), { minLength: 2, maxLength: 12 }),
    temperature: fc.constantFrom(0, 0.5, 1, 2),
    topK: fc.constantFrom(0, 3),
    topP: fc.constantFrom(1, 0.9),
    minP: fc.constantFrom(0, 0.05),
    uniform: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  })

  test('is 0 for what is drawn, and grows with the distance from it', () => {
    fc.assert(
      fc.property(shared, ({ logits, uniform, ...sampling }) => {
        const values = Float32Array.from(logits)
        const drawn = sample(values, sampling, [], () => uniform)
        expect(missOf(values, drawn, sampling, uniform, 1e-4)).toBe(0)
      }),
    )
  })

  test('is the probability between the draw and the token', () => {
    const halves = Float32Array.from([0.5, 0.3, 0.2], Math.log)
    expect(missOf(halves, 0, { temperature: 1 }, 0.1, 0)).toBe(0)
    expect(missOf(halves, 1, { temperature: 1 }, 0.1, 0)).toBeCloseTo(0.4, 6)
    expect(missOf(halves, 2, { temperature: 1 }, 0.1, 0)).toBeCloseTo(0.7, 6)
    expect(missOf(halves, 0, { temperature: 1 }, 0.9, 0)).toBeCloseTo(0.4, 6)
    expect(missOf(halves, 2, { temperature: 1, topK: 2 }, 0.9, 0)).toBe(1)
    expect(missOf(halves, 2, { temperature: 0 }, 0.9, 0)).toBeCloseTo(0.3, 6)
  })

  test('forgives what differs by less than the tolerance', () => {
    const tied = Float32Array.of(1, 1 + 5e-5, -9)
    for (const token of [0, 1]) {
      expect(missOf(tied, token, { temperature: 0 }, 0, 1e-4)).toBe(0)
      for (const uniform of [0.01, 0.99]) expect(missOf(tied, token, { temperature: 1 }, uniform, 1e-4)).toBe(0)
    }
  })
})
