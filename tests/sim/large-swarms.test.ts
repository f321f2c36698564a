import { test } from 'vitest'
import { simulateAloud } from '#support/sim-expectations.ts'

/**
 * Everything at once: loss, delay, repetition, partitions, crashes, returns, relay outages and forged frames. Every
 * invariant is checked after everything that happens. This file and busy-swarms take equally long, to run side by side.
 */

test.each([201, 202, 203])('a swarm of 50 keeps its word with everything at once (seed %i)', async (seed) => {
  await simulateAloud({ seed, nodes: 50, sessions: 307 })
})
