import { expect, test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'
import { NO_TROUBLES } from '#support/sim-troubles.ts'

/**
 * Bytes that a session publishes in all; a tab receives each of them once from a perfect network. The target is 16 kB.
 * Measured are 25: 12 joins of 0.66 kB, three answers of 2.4, the assignment 2.4, scores 2.5 and 1.4 for their
 * commitments, the verdict 1.6, the opening 1.0. Only joins can shrink much: a third of those invited are reserves.
 */
const MOST_BYTES = 26_000

test('3 answers of 2 kB to a question of 1 kB, judged by 5, cost no more than they did', async () => {
  const sessions = 10
  const report = await simulateSoundly({
    seed: 21,
    nodes: 12,
    questionEveryMs: 10_000,
    sessions,
    troubles: NO_TROUBLES,
    cancelled: 0,
    prompt: (index) => `${index} ${'why '.repeat(250)}`,
    engine: { contextTokens: 4096, answer: (_, { seed }) => `${seed} ${'x'.repeat(2000)}` },
  })
  expect(report.said['result-revealed']).toBe(3 * sessions)
  expect(report.said['scores-revealed']).toBe(5 * sessions)
  const bytes = report.sessionBytes / sessions
  console.log(`${Math.round(bytes)} bytes a session; the target is 16000`)
  expect(bytes).toBeLessThan(MOST_BYTES)
})
