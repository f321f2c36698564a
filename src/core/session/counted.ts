import { ascending } from '../bytes.ts'
import type { Digest } from '../protocol/ids.ts'
import type { MessageOf, Role } from '../protocol/messages.ts'
import { derived, derivedByRole } from './derived.ts'
import type { Entry, SessionRecord } from './entry.ts'
import { allSaid, assignedOf, holderOf, openedOf, participantsOf, said, sameSlot, slotsOf } from './lookup.ts'
import { addEntry, createRecord } from './record.ts'

type Commitment = Entry<MessageOf<'result-committed' | 'scores-committed'>>

/** The commitments of a role's present holders. */
export const heldCommitments = derivedByRole((record, role): readonly Commitment[] => {
  const type = role === 'executor' ? 'result-committed' : 'scores-committed'
  return slotsOf(record, role).flatMap((slot) => {
    const holder = holderOf(record, slot)
    const entry = said(record, type, (other) => other.from === holder && sameSlot(other.message.slot, slot))
    return entry ? [entry] : []
  })
})

/** The leader's word on which commitments count; the lowest term's stands. */
export const closingOf = derivedByRole(
  (record, role): Entry<MessageOf<'commitments-closed'>> | undefined =>
    allSaid(record, 'commitments-closed')
      .filter((entry) => entry.message.role === role)
      .sort((a, b) => a.message.term - b.message.term)[0],
)

/** Whether the barrier is passed behind which reveals are safe (SPEC COM-3): all committed, or closed by the leader. */
export function isClosed(record: SessionRecord, role: Role): boolean {
  const slots = slotsOf(record, role)
  if (slots.length === 0) return false
  return closingOf(record, role) !== undefined || heldCommitments(record, role).length === slots.length
}

/** The commitments that count: those that a closing names, else those of all holders. */
export const countedCommitments = derivedByRole((record, role): readonly Commitment[] => {
  const closing = closingOf(record, role)
  if (!closing) return heldCommitments(record, role)
  const type = role === 'executor' ? 'result-committed' : 'scores-committed'
  return allSaid(record, type).filter((entry) => closing.message.commitments.includes(entry.digest))
})

/** Reveals of counted commitments, one a seat. */
export const countedResults = derived((record): readonly Entry<MessageOf<'result-revealed'>>[] =>
  countedCommitments(record, 'executor').flatMap((commitment) => {
    const reveal = said(
      record,
      'result-revealed',
      (entry) => entry.from === commitment.from && sameSlot(entry.message.slot, commitment.message.slot),
    )
    return reveal ? [reveal] : []
  }),
)

export const countedScores = derived((record): readonly Entry<MessageOf<'scores-revealed'>>[] =>
  countedCommitments(record, 'verifier').flatMap((commitment) => {
    const reveal = said(
      record,
      'scores-revealed',
      (entry) => entry.from === commitment.from && sameSlot(entry.message.slot, commitment.message.slot),
    )
    return reveal ? [reveal] : []
  }),
)

/** Whether every commitment that counts has been revealed; one that a closing names and we never heard has not. */
export function isRevealed(record: SessionRecord, role: Role): boolean {
  if (!isClosed(record, role)) return false
  const revealed = role === 'executor' ? countedResults(record) : countedScores(record)
  const expected = closingOf(record, role)?.message.commitments ?? heldCommitments(record, role)
  return revealed.length === expected.length
}

/** The envelopes that a verdict rests on: what `decide` and the draw's check read (SPEC VER-2). Ascending. */
export function countedDigests(record: SessionRecord): Digest[] {
  const drawn = new Set(assignedOf(record)?.message.joins ?? [])
  // A replacement may have joined after the draw; its operator and model count all the same.
  const participants = new Set(participantsOf(record))
  const entries: (Entry | undefined)[] = [
    openedOf(record),
    ...allSaid(record, 'session-joined').filter((entry) => drawn.has(entry.digest) || participants.has(entry.from)),
    assignedOf(record),
    ...allSaid(record, 'role-replaced'),
    ...(['executor', 'verifier'] as const).flatMap((role) => [
      closingOf(record, role),
      ...countedCommitments(record, role),
    ]),
    ...countedResults(record),
    ...countedScores(record),
  ]
  return entries.flatMap((entry) => (entry ? [entry.digest] : [])).sort(ascending)
}

/**
 * The same session as if only these envelopes had been heard, each admitted anew; null where one is not at hand, or
 * does not stand on the others alone (SPEC VER-2).
 */
export function restrictedTo(record: SessionRecord, digests: readonly Digest[]): SessionRecord | null {
  const wanted = new Set(digests)
  const restricted = [...record.entries, ...record.conflicts]
    .filter((entry) => wanted.has(entry.digest))
    .reduce((partial, entry) => addEntry(partial, entry).record, createRecord(record.session))
  return restricted.entries.length === wanted.size ? restricted : null
}
