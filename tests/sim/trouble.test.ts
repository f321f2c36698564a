import { describe, test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'
import { ALL_TROUBLES, NO_TROUBLES } from '#support/sim-troubles.ts'

/** Worlds with one kind of trouble, where every session is to end with one verdict. */

describe('a swarm in trouble', () => {
  test.each([
    ['frames get lost', { ...NO_TROUBLES, conditions: { ...ALL_TROUBLES.conditions, loss: 0.02 } }],
    ['tabs crash and leave', { ...NO_TROUBLES, crashEveryMs: 6000, leaveEveryMs: 6000 }],
    ['frames are forged', { ...NO_TROUBLES, hostileFrameEveryMs: 40 }],
    ['the network divides', { ...NO_TROUBLES, partitionEveryMs: 20_000 }],
  ])('keeps its word while %s', async (_, troubles) => {
    await simulateSoundly({ seed: 11, nodes: 10, sessions: 80, troubles })
  })
})
