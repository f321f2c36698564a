import { test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'

/** Everything at once: loss, delay, repetition, partitions, crashes, returns, relay outages and forged frames. */

test.each([
  [105, 7, 160],
  [106, 8, 160],
  [107, 9, 160],
  [108, 12, 204],
])('a swarm keeps its word with everything at once (seed %i, %i nodes, %i sessions)', async (seed, nodes, sessions) => {
  await simulateSoundly({ seed, nodes, sessions })
})
