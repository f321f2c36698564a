import type { NodeId, OperatorId } from '#core/protocol/ids.ts'
import type { Role, Slot } from '#core/protocol/messages.ts'
import { countedScores, heldCommitments, isClosed, isRevealed, countedResults } from '#core/session/counted.ts'
import type { SessionRecord } from '#core/session/entry.ts'
import { allSaid, assignedOf, everHeld, joinOf, openedOf, said, sameSlot, slotsOf } from '#core/session/lookup.ts'
import type { Outcome, SessionState } from '#core/session/state.ts'
import type { ExecutorView, SessionView, VerifierView } from './facade.ts'

/** What tells a session beside its record. */
export interface Telling {
  readonly record: SessionRecord
  readonly adopted: SessionState['adopted']
  readonly outcome: Outcome | null
  readonly leader: NodeId
  readonly ownOperator: OperatorId
  readonly error: string | null
  readonly durationsMs: Readonly<Record<string, number>>
  readonly droppedTurns: number
  readonly aloneModel: string | null
}

/** A session told from its record: the same telling live and years later. */
export function viewSession(telling: Telling): SessionView {
  const { record, adopted, outcome, ownOperator } = telling
  const isOwn = (node: NodeId) => joinOf(record, node)?.message.certificate.operator === ownOperator
  const verdict = adopted?.message.verdict ?? null
  const over = outcome !== null
  const executors = holders(record, 'executor').map((seat) => viewExecutor(record, seat, isOwn(seat.node), over))
  const verifiers = holders(record, 'verifier').map((seat) => viewVerifier(record, seat, isOwn(seat.node), over))
  return {
    session: record.session,
    stage: stageOf(record, over),
    outcome: outcome ?? 'running',
    error: telling.error,
    leader: openedOf(record)?.from ?? telling.leader,
    term: adopted?.message.term ?? 0,
    joined: allSaid(record, 'session-joined').map((entry) => entry.from),
    executors,
    verifiers,
    verdict,
    winner: verdict?.winner ?? null,
    independence: independence(record, verdict, ownOperator),
    doubtful: verdict?.doubtful ?? [],
    commitmentsChecked: allSaid(record, 'result-revealed').length + allSaid(record, 'scores-revealed').length,
    objections: allSaid(record, 'objection').length,
    durationsMs: telling.durationsMs,
    droppedTurns: telling.droppedTurns,
    aloneModel: telling.aloneModel,
  }
}

interface Seat {
  readonly slot: Slot
  readonly node: NodeId
  /** Somebody else sits there now. */
  readonly replaced: boolean
}

function holders(record: SessionRecord, role: Role): Seat[] {
  return slotsOf(record, role).flatMap((slot) =>
    everHeld(record, slot).map((node, index, chain) => ({ slot, node, replaced: index < chain.length - 1 })),
  )
}

function viewExecutor(
  record: SessionRecord,
  { slot, node, replaced }: Seat,
  own: boolean,
  over: boolean,
): ExecutorView {
  const reveal = said(record, 'result-revealed', (entry) => entry.from === node && sameSlot(entry.message.slot, slot))
  const committed = said(
    record,
    'result-committed',
    (entry) => entry.from === node && sameSlot(entry.message.slot, slot),
  )
  const late = over || isClosed(record, 'executor')
  return {
    node,
    own,
    model: joinOf(record, node)?.message.model.modelName ?? '',
    tier: joinOf(record, node)?.message.model.tier ?? 0,
    state: reveal ? 'revealed' : replaced ? 'replaced' : committed ? 'committed' : late ? 'late' : 'working',
    text: reveal?.message.answer.text ?? null,
    tokens: reveal?.message.tokens ?? 0,
    durationMs: reveal?.message.durationMs ?? 0,
  }
}

function viewVerifier(
  record: SessionRecord,
  { slot, node, replaced }: Seat,
  own: boolean,
  over: boolean,
): VerifierView {
  const reveal = said(record, 'scores-revealed', (entry) => entry.from === node && sameSlot(entry.message.slot, slot))
  const committed = said(
    record,
    'scores-committed',
    (entry) => entry.from === node && sameSlot(entry.message.slot, slot),
  )
  const late = over || isClosed(record, 'verifier')
  const authors = new Map(allSaid(record, 'result-revealed').map((entry) => [entry.message.answer.digest, entry.from]))
  const scores = (reveal?.message.scores ?? []).flatMap(({ answer, score }) => {
    const author = authors.get(answer)
    return author ? [[author, score] as const] : []
  })
  const idle = isRevealed(record, 'executor') ? 'working' : 'waiting'
  return {
    node,
    own,
    model: joinOf(record, node)?.message.model.modelName ?? '',
    tier: joinOf(record, node)?.message.model.tier ?? 0,
    state: reveal ? 'revealed' : replaced ? 'replaced' : committed ? 'committed' : late ? 'late' : idle,
    instrument: reveal?.message.instrument ?? null,
    scores: Object.fromEntries(scores),
  }
}

function stageOf(record: SessionRecord, over: boolean): SessionView['stage'] {
  if (over) return 'done'
  if (!assignedOf(record)) return 'advertise'
  if (!isRevealed(record, 'executor')) return 'execute'
  return isRevealed(record, 'verifier') ? 'finalize' : 'verify'
}

function independence(
  record: SessionRecord,
  verdict: SessionView['verdict'],
  ownOperator: OperatorId,
): SessionView['independence'] {
  if (!verdict || verdict.independence.verifiers === 0) return 'none'
  const { independentVerifiers, verifiers } = verdict.independence
  if (independentVerifiers === verifiers) return 'independent'
  if (independentVerifiers > 0) return 'partly'
  const involved = [...countedResults(record), ...countedScores(record), ...heldCommitments(record, 'verifier')]
  const own = involved.every((entry) => joinOf(record, entry.from)?.message.certificate.operator === ownOperator)
  return own ? 'own-tabs' : 'partly'
}
