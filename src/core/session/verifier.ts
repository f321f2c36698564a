import { ascending, hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import type { Slot } from '../protocol/messages.ts'
import { scoresCommitment } from './commitment.ts'
import { closingOf, countedResults, isClosed } from './counted.ts'
import { abandon, conversationOf, decline } from './executor.ts'
import { assignedOf, openedOf, said, sameSlot, seatOf } from './lookup.ts'
import { since } from './progress.ts'
import { due, infer, mark, persist, publishOnce, secret, type Turn } from './turn.ts'

/** What the holder of a verifier's seat does: judge what was revealed, commit, reveal (SPEC JUDGE-1 to JUDGE-5). */
export function verify(turn: Turn): void {
  const { state } = turn
  const slot = seatOf(state.record, state.self)
  if (slot?.role !== 'verifier') return abandon(turn, 'judge')
  if (since(state, 'answers-ready') === undefined) return
  const committed = said(
    state.record,
    'scores-committed',
    (entry) => entry.from === state.self && sameSlot(entry.message.slot, slot),
  )
  if (!committed && closingOf(state.record, 'verifier')) return abandon(turn, 'judge')
  if (state.own.scores) {
    if (!committed) commit(turn, slot)
    else if (isClosed(state.record, 'verifier')) reveal(turn, slot, committed.digest)
  } else if (!committed && state.failed.includes('judge')) decline(turn, slot)
  else if (!committed) judge(turn)
}

/** Whoever committed and does not reveal is waited for only so long; then the others are judged (SPEC COM-4). */
export function waitForReveals(turn: Turn): void {
  const { state } = turn
  const finalizeMs = openedOf(state.record)?.message.deadlines.finalizeMs
  if (finalizeMs === undefined) return
  for (const [closed, ready] of [
    ['executor-closed', 'answers-ready'],
    ['verifier-closed', 'scores-ready'],
  ] as const) {
    const closedAt = since(turn.state, closed)
    if (closedAt === undefined || since(turn.state, ready) !== undefined) continue
    if (due(turn, 'reveal', closedAt + finalizeMs)) mark(turn, ready)
  }
}

function judge(turn: Turn): void {
  const { state } = turn
  const messages = conversationOf(state)
  if (!messages || state.running.includes('judge')) return
  const nonce = assignedOf(state.record)?.message.nonce ?? ''
  const order = (digest: string) => domainHash('order', [hexToBytes(nonce), hexToBytes(state.self), hexToBytes(digest)])
  const answers = countedResults(state.record)
    .filter((entry) => entry.from !== state.self)
    .flatMap(({ message: { answer } }) => (answer.text === null ? [] : [{ digest: answer.digest, text: answer.text }]))
    .sort((a, b) => ascending(order(a.digest), order(b.digest)))
  if (answers.length > 0) infer(turn, { kind: 'judge', messages, answers })
}

function commit(turn: Turn, slot: Slot): void {
  const { state } = turn
  const own = state.own.scores
  const subject = `scores-committed:${slot.index}`
  if (!own || state.sent.includes(subject)) return
  persist(turn)
  const salt = secret(state, 'verifier-salt')
  publishOnce(turn, subject, {
    type: 'scores-committed',
    session: state.session,
    slot,
    commitment: scoresCommitment(state.session, state.self, slot, salt, own.instrument, own.scores),
  })
}

function reveal(turn: Turn, slot: Slot, commitment: string): void {
  const { state } = turn
  const own = state.own.scores
  const closing = closingOf(state.record, 'verifier')
  if (!own || (closing && !closing.message.commitments.some((digest) => digest === commitment))) return
  if (said(state.record, 'scores-revealed', (entry) => entry.from === state.self)) return
  publishOnce(turn, `scores-revealed:${slot.index}`, {
    type: 'scores-revealed',
    session: state.session,
    slot,
    secretSalt: secret(state, 'verifier-salt'),
    instrument: own.instrument,
    scores: [...own.scores],
    durationMs: own.durationMs,
  })
}
