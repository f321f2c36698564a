import { test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'

/** Everything at once, where few are left to answer or to judge, and one that is missing is missed. */

test.each([2, 3, 4, 5, 6, 7, 8, 12])('a swarm of %i keeps its word with everything at once', async (nodes) => {
  await simulateSoundly({ seed: 100 + nodes, nodes, sessions: 30 })
})
