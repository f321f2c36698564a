import { describe, expect, test } from 'vitest'
import type { NodeId } from '#core/protocol/ids.ts'
import { doubt } from '#ui/words/session-words.ts'
import type { ExecutorView, SessionView, VerifierView } from '#shell/facade.ts'

const seat = (tier: number) => ({ node: `${tier}` as NodeId, own: false, model: 'm', tier, state: 'revealed' as const })
const answer = (tier: number): ExecutorView => ({ ...seat(tier), text: 'x', tokens: 1, durationMs: 1 })
const judge = (tier: number): VerifierView => ({ ...seat(tier), instrument: 'likelihood', scores: {} })
const said = (answers: readonly number[], judges: readonly number[]) =>
  doubt('lower-tier-judge', {
    executors: answers.map(answer),
    verifiers: judges.map(judge),
  } as unknown as SessionView)

describe('what a session says of its tiers', () => {
  test('VER-4: that smaller models judged, all of them or some', () => {
    expect(said([0, 3], [0, 1])).toBe('Judged by smaller models than the largest one that answered.')
    expect(said([0, 3], [3, 0, 1])).toBe('2 of 3 judges ran smaller models than the largest one that answered.')
  })
})
