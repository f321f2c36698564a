import { expect, test } from 'vitest'
import { simulateAloud } from '#support/sim-expectations.ts'

/** So often that some find every engine taken, and have to do with fewer, or answer alone. */
const QUESTION_EVERY_MS = 150

test.each([211, 212, 213])('a swarm of 50 with its hands full keeps its word all the same (seed %i)', async (seed) => {
  const report = await simulateAloud({ seed, nodes: 50, sessions: 360, questionEveryMs: QUESTION_EVERY_MS })
  expect(report.counters['declined:busy']).toBeGreaterThan(0)
})
