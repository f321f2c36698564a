import type { NodeId } from '../protocol/ids.ts'
import type { Role, Slot } from '../protocol/messages.ts'
import { heldCommitments, isClosed, isRevealed } from './counted.ts'
import { allSaid, assignedOf, declined, holderOf, joinOf, openedOf, said, sameSlot, slotsOf } from './lookup.ts'
import type { SessionRecord } from './entry.ts'
import type { Mark, SessionState } from './state.ts'
import { mark, type Turn } from './turn.ts'

/**
 * How far a session is, and since when on this node's own clock. No rule compares clocks of two machines
 * (SPEC TIME-1): deadlines run from the moment this node saw a stage begin.
 */

/** A straggler gets at least this long after most others are done: a lost participant costs no more than this. */
const MIN_GRACE_MS = 2000

/** Notes what holds now for the first time. */
export function noteProgress(turn: Turn): void {
  for (const [name, holds] of MILESTONES) {
    if (since(turn.state, name) === undefined && holds(turn.state.record)) mark(turn, name)
  }
}

const MILESTONES: readonly [Mark, (record: SessionRecord) => boolean][] = [
  ['assigned', (record) => assignedOf(record) !== undefined],
  ['executor-majority', (record) => isMajority(record, 'executor')],
  ['executor-closed', (record) => isClosed(record, 'executor')],
  ['answers-ready', (record) => isRevealed(record, 'executor')],
  ['verifier-majority', (record) => isMajority(record, 'verifier')],
  ['verifier-closed', (record) => isClosed(record, 'verifier')],
  ['scores-ready', (record) => isRevealed(record, 'verifier')],
]

function isMajority(record: SessionRecord, role: Role): boolean {
  const slots = slotsOf(record, role).length
  return slots > 0 && heldCommitments(record, role).length * 2 >= slots
}

export function since(state: SessionState, name: Mark): number | undefined {
  return state.marks[name]
}

/** When this node's stage of a role ends at the latest; undefined before it began. */
export function stageEndsAt(state: SessionState, role: Role): number | undefined {
  const deadlines = openedOf(state.record)?.message.deadlines
  const began = since(state, role === 'executor' ? 'assigned' : 'answers-ready')
  if (!deadlines || began === undefined) return undefined
  return began + (role === 'executor' ? deadlines.executeMs : deadlines.verifyMs)
}

/** When whoever has not committed by then counts as late, seat by seat: a replacement gets time of its own. */
export function lateAt(state: SessionState, slot: Slot): number | undefined {
  const began = since(state, slot.role === 'executor' ? 'assigned' : 'answers-ready')
  const majority = since(state, `${slot.role}-majority`)
  const ends = stageEndsAt(state, slot.role)
  if (began === undefined || ends === undefined) return undefined
  if (majority === undefined) return ends
  const replacements = allSaid(state.record, 'role-replaced').filter(({ message }) => sameSlot(message.slot, slot))
  const seatedAt = Math.max(majority, ...replacements.map(({ digest }) => state.heardAt.get(digest) ?? 0))
  const grace = graceMs(majority - began)
  return Math.min(ends, seatedAt + (isLargest(state, slot) ? Math.max(grace, estimateOf(state, slot)) : grace))
}

/** Whether a seat's answer would be of a higher tier than any that is there: that is worth the time it said it takes. */
function isLargest({ record }: SessionState, slot: Slot): boolean {
  if (slot.role !== 'executor') return false
  const tierOf = (node: NodeId | undefined) => (node && joinOf(record, node)?.message.model.tier) ?? 0
  const there = heldCommitments(record, 'executor').map(({ from }) => tierOf(from))
  return tierOf(holderOf(record, slot)) > Math.max(0, ...there)
}

function estimateOf({ record }: SessionState, slot: Slot): number {
  const holder = holderOf(record, slot)
  return (holder && joinOf(record, holder)?.message.estimateMs) ?? 0
}

/** How long others are waited for once most are done, who took that long; in ms (SPEC LEAD-5). */
export function graceMs(tookMs: number): number {
  return Math.max(MIN_GRACE_MS, 2 * tookMs)
}

export function hasCommitted(state: SessionState, slot: Slot, holder: NodeId | undefined): boolean {
  const type = slot.role === 'executor' ? 'result-committed' : 'scores-committed'
  return said(state.record, type, (entry) => entry.from === holder && sameSlot(entry.message.slot, slot)) !== undefined
}

/** Seats without a commitment, with their present holders. */
export function missingSeats(state: SessionState, role: Role): { slot: Slot; holder: NodeId }[] {
  return slotsOf(state.record, role).flatMap((slot) => {
    const holder = holderOf(state.record, slot)
    return holder !== undefined && !hasCommitted(state, slot, holder) ? [{ slot, holder }] : []
  })
}

/** Whether nothing more is to be expected of a seat's holder: it left, or said so. */
export function isLost(state: SessionState, { slot, holder }: { slot: Slot; holder: NodeId }): boolean {
  return state.gone.includes(holder) || declined(state.record, slot, holder)
}
