import { describe, expect, test } from 'vitest'
import { simulateSoundly } from '#support/sim-expectations.ts'
import { countEndings } from '#support/sim-report.ts'
import { ALL_TROUBLES, NO_TROUBLES } from '#support/sim-troubles.ts'

/** Real shells over a seeded network in virtual time. The invariants are in tests/support/sim-witness.ts. */

describe('a swarm in good order', () => {
  test('answers every question with one verdict, and takes over for nobody', async () => {
    const report = await simulateSoundly({ seed: 1, nodes: 12, sessions: 100, troubles: NO_TROUBLES, cancelled: 0 })
    expect(countEndings(report)).toMatchObject({ verdicts: 100 })
    expect(report.takeovers).toBe(0)
    expect(report.said.objection ?? 0).toBe(0)
    expect(report.replayed).toBe(100)
  })

  test('runs the same from the same seed, and differently from another', async () => {
    const world = { nodes: 6, sessions: 12, troubles: ALL_TROUBLES }
    const [first, again, other] = [
      await simulateSoundly({ ...world, seed: 5 }),
      await simulateSoundly({ ...world, seed: 5 }),
      await simulateSoundly({ ...world, seed: 6 }),
    ]
    expect(again.eventHash).toBe(first.eventHash)
    expect(again.asked.map(({ ending }) => ending)).toEqual(first.asked.map(({ ending }) => ending))
    expect(other.eventHash).not.toBe(first.eventHash)
  })

  test('does the same with real signatures and seals', async () => {
    const report = await simulateSoundly({
      seed: 7,
      nodes: 8,
      sessions: 20,
      crypto: 'real',
      troubles: NO_TROUBLES,
      cancelled: 0,
    })
    expect(countEndings(report)).toMatchObject({ verdicts: 20 })
    expect(report.replayed).toBe(20)
  })
})
