import type { Role } from '../protocol/messages.ts'
import { takeoverLeader, takeoverTerm } from './draw.ts'
import { assignedOf, openedOf } from './lookup.ts'
import { since, stageEndsAt } from './progress.ts'
import type { LeadersStatement, SessionState } from './state.ts'
import { due, type Turn } from './turn.ts'

/**
 * When the k-th participant may act for the asker (SPEC TERM-2), and when everybody else heeds it (SPEC TERM-3): the
 * same rule on both sides, each by its own clock. So nobody can cut a session short by declaring a take-over.
 */

/**
 * The term that this node leads now, or null: at once for the asker, else k deadlines after something was due from
 * the asker, one less where the asker is known to be gone.
 */
export function leadsTerm(turn: Turn, dueAt: number): number | null {
  const { record, self } = turn.state
  if (openedOf(record)?.from === self) return 0
  const term = takeoverTerm(record, self)
  return term !== null && due(turn, 'lead', turnOf(turn.state, term, dueAt)) ? term : null
}

/** From when a leader's statement is heeded here. The asker's own always is. */
export function heededAt(state: SessionState, { from, message }: LeadersStatement): number {
  const { term } = message
  if (term === 0) return 0
  // Whoever knows that it was away has no clock of its own to hold against the others.
  if (since(state, 'resumed') !== undefined) return 0
  const opened = openedOf(state.record)
  if (!assignedOf(state.record)) return opened && !opened.message.invited.includes(from) ? 0 : Infinity
  // Not the leader of that term: the record refuses it.
  if (takeoverLeader(state.record, term) !== from) return 0
  const dueAt = message.type === 'commitments-closed' ? closingDueAt(state, message.role) : verdictDueAt(state)
  return turnOf(state, term, dueAt)
}

function turnOf(state: SessionState, term: number, dueAt: number): number {
  const finalizeMs = openedOf(state.record)?.message.deadlines.finalizeMs ?? 0
  const goneAt = since(state, 'leader-gone')
  return goneAt === undefined ? dueAt + term * finalizeMs : Math.max(goneAt, dueAt) + (term - 1) * finalizeMs
}

/** When the asker should have closed a stage: since all that lacks is late, at the latest when the stage ends. */
function closingDueAt(state: SessionState, role: Role): number {
  return since(state, `${role}-due`) ?? stageEndsAt(state, role) ?? latest(state)
}

/** When the asker should have said the verdict; Infinity before roles are assigned. */
export function verdictDueAt(state: SessionState): number {
  return since(state, 'scores-ready') ?? latest(state)
}

/** When the last stage ends at the latest, whatever happened before. */
function latest(state: SessionState): number {
  const deadlines = openedOf(state.record)?.message.deadlines
  const executeEnds = stageEndsAt(state, 'executor')
  if (!deadlines || executeEnds === undefined) return Infinity
  return executeEnds + deadlines.verifyMs + 2 * deadlines.finalizeMs
}
