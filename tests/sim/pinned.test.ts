import { test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'
import { ALL_TROUBLES } from '#support/sim-troubles.ts'

/**
 * Worlds that once broke an invariant, each under the name of what it found. What happens in a world shifts with every
 * change of the protocol, so each finding also has a test of its own that meets the very moment.
 */

/**
 * A node cut off by a division when the asker's verdict was said went by a take-over's, asked the others once, and never
 * again where that got lost. The moment itself: "WIT-5: who was cut off …" in tests/unit/departures.test.ts.
 */
test('a take-over’s verdict yields to the asker’s after a division', async () => {
  await simulateSoundly({ seed: 6, nodes: 10, sessions: 120, troubles: ALL_TROUBLES })
})
