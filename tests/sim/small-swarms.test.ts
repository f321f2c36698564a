import { test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'

/** Everything at once: loss, delay, repetition, partitions, crashes, returns, relay outages and forged frames. */

test.each([
  [101, 3, 160],
  [102, 4, 160],
  [103, 5, 160],
  [104, 6, 160],
])('a swarm keeps its word with everything at once (seed %i, %i nodes, %i sessions)', async (seed, nodes, sessions) => {
  await simulateSoundly({ seed, nodes, sessions })
})
