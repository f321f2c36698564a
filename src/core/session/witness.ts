import { ascending } from '../bytes.ts'
import type { Digest } from '../protocol/ids.ts'
import { MAX_COUNTED } from '../protocol/limits.ts'
import type { MessageOf } from '../protocol/messages.ts'
import { closingOf, countedDigests, heldCommitments, restrictedTo } from './counted.ts'
import { decide, sameVerdict } from './decide.ts'
import { drawRoles } from './draw.ts'
import type { Entry, SessionRecord } from './entry.ts'
import { allSaid, assignedOf, openedOf, participantsOf } from './lookup.ts'
import { since } from './progress.ts'
import { fetchOnce, mark, publishOnce, update, type Turn } from './turn.ts'

/** What every participant does beside its role: check the draw and the verdict, and object (SPEC WIT-1 to WIT-4). */

/** An envelope that was in flight when the verdict was reached is nobody's fault; one held this long was in time. */
const IN_TIME_MS = 1000

export type Check = 'holds' | 'differs' | 'missing'

/** Whether the roles are what the joins and the nonce give. `missing`: a join that the draw counted is not here. */
export function checkDraw(record: SessionRecord): Check {
  const opened = openedOf(record)
  const assigned = assignedOf(record)
  if (!opened || !assigned) return 'missing'
  const { joins: counted, nonce, executors, verifiers } = assigned.message
  const joins = allSaid(record, 'session-joined').filter((join) => counted.includes(join.digest))
  if (joins.length < counted.length) return 'missing'
  const roles = drawRoles(opened, joins, nonce)
  const same = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((node, i) => node === b[i])
  return roles && same(roles.executors, executors) && same(roles.verifiers, verifiers) ? 'holds' : 'differs'
}

/** Whether `decide` over the counted envelopes gives this verdict. `missing`: not all of them are here. */
export function checkVerdict(record: SessionRecord, entry: Entry<MessageOf<'verdict-reached'>>): Check {
  if (missingDigests(record, entry.message.counted).length > 0) return 'missing'
  const counted = restrictedTo(record, entry.message.counted)
  const verdict = counted && decide(counted)
  return verdict && sameVerdict(verdict, entry.message.verdict) ? 'holds' : 'differs'
}

export function missingDigests(record: SessionRecord, digests: readonly Digest[]): Digest[] {
  const held = new Set([...record.entries, ...record.conflicts].map((entry) => entry.digest))
  return digests.filter((digest) => !held.has(digest))
}

export function checkOthers(turn: Turn): void {
  const { record, self, untimely } = turn.state
  const assigned = assignedOf(record)
  if (!assigned) return
  for (const { message } of [...allSaid(record, 'commitments-closed'), ...untimely]) {
    const named = message.type === 'commitments-closed' ? message.commitments : message.counted
    const missing = missingDigests(record, named)
    if (missing.length > 0) fetchOnce(turn, `${message.type}:${message.term}`, missing)
  }
  // A draw that holds goes on holding, and is dear to compute again with every step.
  if (since(turn.state, 'draw-checked') !== undefined || !participantsOf(record).includes(self)) return
  const draw = checkDraw(record)
  if (draw === 'holds') mark(turn, 'draw-checked')
  if (draw === 'missing') fetchOnce(turn, 'joins', missingDigests(record, assigned.message.joins))
  if (draw === 'differs') object(turn, 0, assigned.digest, 'draw-differs', [])
}

/** Goes by the valid verdict of the lowest term, and objects to the others. */
export function adoptVerdict(turn: Turn): void {
  const verdicts = [...allSaid(turn.state.record, 'verdict-reached')].sort((a, b) => a.message.term - b.message.term)
  for (const entry of verdicts) {
    const { record, adopted } = turn.state
    if (adopted && adopted.message.term <= entry.message.term) return
    const check = checkVerdict(record, entry)
    if (check === 'missing')
      fetchOnce(turn, `verdict-reached:${entry.message.term}`, missingDigests(record, entry.message.counted))
    if (check === 'differs') objectAsParticipant(turn, entry, 'recomputation-differs', [])
    if (check !== 'holds') continue
    mark(turn, 'verdict')
    update(turn, { adopted: entry })
    const missing = heldInTime(turn, entry)
    if (missing.length > 0) objectAsParticipant(turn, entry, 'envelope-missing', missing)
  }
}

function heldInTime(turn: Turn, verdict: Entry<MessageOf<'verdict-reached'>>): Digest[] {
  const { record, heardAt } = turn.state
  const reached = heardAt.get(verdict.digest) ?? turn.now
  const ready = since(turn.state, 'scores-ready') ?? reached
  // What a closing left out is no longer counted here either, though it may have come well before the closing.
  const omitted = (['executor', 'verifier'] as const).flatMap((role) => {
    const closing = closingOf(record, role)
    const closedAt = (closing && heardAt.get(closing.digest)) ?? reached
    return heldCommitments(record, role).filter(
      ({ digest }) => (heardAt.get(digest) ?? closedAt) <= closedAt - IN_TIME_MS,
    )
  })
  return [...new Set([...countedDigests(record), ...omitted.map((entry) => entry.digest)])]
    .filter((digest) => !verdict.message.counted.includes(digest))
    .filter((digest) => (heardAt.get(digest) ?? reached) <= Math.min(ready, reached - IN_TIME_MS))
    .sort(ascending)
    .slice(0, MAX_COUNTED)
}

type Verdict = Entry<MessageOf<'verdict-reached'>>

function objectAsParticipant(
  turn: Turn,
  verdict: Verdict,
  reason: MessageOf<'objection'>['reason'],
  missing: Digest[],
) {
  const { record, self } = turn.state
  if (verdict.from === self || !participantsOf(record).includes(self)) return
  object(turn, verdict.message.term, verdict.digest, reason, missing)
}

function object(
  turn: Turn,
  term: number,
  statement: Digest,
  reason: MessageOf<'objection'>['reason'],
  missing: Digest[],
): void {
  const { session, self, record } = turn.state
  if (allSaid(record, 'objection').some((entry) => entry.from === self && entry.message.verdict === statement)) return
  publishOnce(turn, `objection:${statement}`, { type: 'objection', session, term, verdict: statement, reason, missing })
}

/** Whom to believe in a finished record: the verdict of the lowest term that holds. */
export function lowestValidVerdict(record: SessionRecord): Verdict | null {
  const verdicts = [...allSaid(record, 'verdict-reached')].sort((a, b) => a.message.term - b.message.term)
  return verdicts.find((entry) => checkVerdict(record, entry) === 'holds') ?? null
}
