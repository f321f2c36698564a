import * as v from 'valibot'
import { hexToBytes } from '../bytes.ts'
import { domainHash, textDigest } from '../protocol/domains.ts'
import { ChatMessage, type Slot } from '../protocol/messages.ts'
import { resultCommitment } from './commitment.ts'
import { closingOf, isClosed } from './counted.ts'
import { assignedOf, declined, everHeld, joinOf, openedOf, said, sameSlot, seatOf, taskOf } from './lookup.ts'
import type { JobKind, OwnAnswer, SessionState } from './state.ts'
import { abort, infer, persist, publishOnce, sealable, secret, type Turn } from './turn.ts'

/** What the holder of an executor's seat does: answer, commit, and reveal once nobody can copy (SPEC EXE-1 to EXE-5). */
export function execute(turn: Turn): void {
  const { state } = turn
  const slot = seatOf(state.record, state.self)
  if (slot?.role !== 'executor') return abandon(turn, 'generate')
  const committed = said(
    state.record,
    'result-committed',
    (entry) => entry.from === state.self && sameSlot(entry.message.slot, slot),
  )
  if (!committed && closingOf(state.record, 'executor')) return abandon(turn, 'generate')
  if (state.own.answer) {
    if (!committed && !isAsJoined(state, state.own.answer)) decline(turn, slot)
    else if (!committed) commit(turn, slot, state.own.answer.text)
    else if (isClosed(state.record, 'executor')) reveal(turn, slot, committed.digest)
  } else if (!committed && state.failed.includes('generate')) decline(turn, slot)
  else if (!committed) answer(turn, slot)
}

/** An answer of another model than the one that the join named is worth the asker's own while, and no seat (SPEC EXE-6). */
function isAsJoined({ offer }: SessionState, { by }: OwnAnswer): boolean {
  return by.modelDigest === offer.engine?.modelDigest
}

/** A broken engine says so at once: waiting for it would cost everybody the stage's deadline. */
export function decline(turn: Turn, slot: Slot): void {
  const { session, self, record } = turn.state
  if (declined(record, slot, self)) return
  publishOnce(turn, `seat-declined:${slot.role}/${slot.index}`, { type: 'seat-declined', session, slot })
}

/**
 * Work for a seat that somebody else holds by now, or whose stage was closed without it, is in vain. The asker goes on:
 * it answers itself where nobody else does.
 */
export function abandon(turn: Turn, kind: JobKind): void {
  if (!turn.state.question) abort(turn, kind)
}

function answer(turn: Turn, slot: Slot): void {
  const { state } = turn
  const messages = conversationOf(state)
  const opened = openedOf(state.record)
  if (!messages || !opened || state.running.includes('generate')) return
  infer(turn, {
    kind: 'generate',
    messages,
    seed: samplingSeed(state, slot),
    temperatureMilli: temperatureMilli(state, slot),
    maxTokens: opened.message.maxTokens,
  })
}

function commit(turn: Turn, slot: Slot, text: string): void {
  const { state } = turn
  const subject = `result-committed:${slot.index}`
  if (state.sent.includes(subject)) return
  // Kept before it is promised: a commitment that is never revealed counts against us.
  persist(turn)
  const answer = textDigest(state.session, secret(state, 'answer'), text)
  publishOnce(turn, subject, {
    type: 'result-committed',
    session: state.session,
    slot,
    commitment: resultCommitment(state.session, state.self, slot, secret(state, 'result'), answer),
  })
}

function reveal(turn: Turn, slot: Slot, commitment: string): void {
  const { state } = turn
  const own = state.own.answer
  const closing = closingOf(state.record, 'executor')
  if (!own || (closing && !closing.message.commitments.some((digest) => digest === commitment))) return
  if (said(state.record, 'result-revealed', (entry) => entry.from === state.self)) return
  publishOnce(turn, `result-revealed:${slot.index}`, {
    type: 'result-revealed',
    session: state.session,
    slot,
    salt: secret(state, 'result'),
    answer: sealable(state, 'answer', own.text),
    tokens: own.tokens,
    durationMs: own.durationMs,
  })
}

/** The task as a conversation; null while it cannot be read, or where the asker sent something else. */
export function conversationOf(state: SessionState): readonly ChatMessage[] | null {
  const task = taskOf(state.record)
  if (task === null) return null
  try {
    const parsed = v.safeParse(v.pipe(v.array(ChatMessage), v.minLength(1)), JSON.parse(task))
    return parsed.success ? parsed.output : null
  } catch {
    return null
  }
}

/** Each seat samples differently, and anyone can repeat it. Shape: an integer below 2^31. */
export function samplingSeed(state: SessionState, slot: Slot): number {
  const nonce = assignedOf(state.record)?.message.nonce ?? ''
  return parseInt(domainHash('sampling', [hexToBytes(nonce), String(slot.index)]).slice(0, 8), 16) >>> 1
}

/** The first seat of each model answers greedily, as that model does best; further seats of it sample, to differ. */
export function temperatureMilli(state: SessionState, slot: Slot): number {
  const model = (index: number) => {
    const holder = everHeld(state.record, { role: 'executor', index })[0]
    return holder && joinOf(state.record, holder)?.message.model.modelDigest
  }
  const mine = joinOf(state.record, state.self)?.message.model.modelDigest
  const earlier = Array.from({ length: slot.index }, (_, index) => model(index))
  return earlier.includes(mine) ? 700 : 0
}
