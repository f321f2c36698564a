import type { MessageOf } from '../protocol/messages.ts'
import { countedResults, heldCommitments } from './counted.ts'
import { reservesFor } from './draw.ts'
import { allSaid, assignedOf, openedOf, participantsOf, said, seatOf } from './lookup.ts'
import { isLost, missingSeats, since, stageEndsAt } from './progress.ts'
import type { Outcome, SessionState } from './state.ts'
import { abort, due, infer, mark, persist, publishOnce, update, type Turn } from './turn.ts'

/**
 * How a session ends: with a verdict, with the asker's own answer, by its stop, or with one clear sentence. Every
 * path has a deadline (SPEC END-1 to END-5).
 */
export function endSession(turn: Turn): void {
  if (turn.state.outcome === null) {
    const outcome = turn.state.question ? askersOutcome(turn) : participantsOutcome(turn)
    if (outcome !== null) end(turn, outcome)
  }
  expire(turn)
}

function askersOutcome(turn: Turn): Outcome | null {
  const { state } = turn
  if (state.cancelled) return 'cancelled'
  if (state.adopted) return 'answered'
  if (isCrowded(turn)) {
    mark(turn, 'crowded')
    return 'failed'
  }
  if (!isDeserted(turn)) return null
  if (state.own.answer) return 'alone'
  if (state.failed.includes('generate') || !state.offer.engine) return 'failed'
  const { question } = state
  mark(turn, 'alone')
  if (question && !state.running.includes('generate')) {
    // A tab that is reloaded while it answers alone takes its question up again.
    persist(turn)
    infer(turn, {
      kind: 'generate',
      messages: question.messages,
      seed: 0,
      temperatureMilli: 0,
      maxTokens: question.maxTokens,
    })
  }
  return null
}

/** Nobody joined, though they are there, and whoever asked will ask again (SPEC LEAD-9). */
function isCrowded(turn: Turn): boolean {
  const { question, record, self, gone } = turn.state
  if (!question?.asksAgain || assignedOf(record)) return false
  const others = question.invited.filter((node) => node !== self)
  if (others.every((node) => gone.includes(node))) return false
  if (allSaid(record, 'session-joined').some((join) => join.from !== self)) return false
  return due(turn, 'expiry', (since(turn.state, 'started') ?? turn.now) + question.deadlines.joinMs)
}

/** Nobody came, nobody is left, or nobody answered in time: then the asker's own model answers, labelled so. */
function isDeserted(turn: Turn): boolean {
  const { state } = turn
  const { question, record } = state
  if (!question) return false
  const others = question.invited.filter((node) => node !== state.self)
  if (others.every((node) => state.gone.includes(node)) && !since(state, 'scores-ready')) return true
  if (!assignedOf(record)) {
    // Whoever joined may still be joined by others; where nobody did, our own model begins. A guest who comes late is
    // welcome until it is done.
    const { joinMs, finalizeMs } = question.deadlines
    const joined = allSaid(record, 'session-joined').some((join) => join.from !== state.self)
    return due(turn, 'expiry', (since(state, 'started') ?? turn.now) + joinMs + (joined ? finalizeMs : 0))
  }
  if (nobodyCanAnswer(state)) return true
  if (since(state, 'answers-ready') !== undefined && countedResults(record).length === 0) return true
  const executeEnds = stageEndsAt(state, 'executor') ?? turn.now
  if (heldCommitments(record, 'executor').length === 0) return due(turn, 'expiry', executeEnds)
  return due(turn, 'expiry', executeEnds + question.deadlines.verifyMs + 4 * question.deadlines.finalizeMs)
}

/** Every executor is lost, and nobody is left to take a seat. */
function nobodyCanAnswer(state: SessionState): boolean {
  if (heldCommitments(state.record, 'executor').length > 0) return false
  if (!missingSeats(state, 'executor').every((seat) => isLost(state, seat))) return false
  const reserves = reservesFor(state.record, 'executor', allSaid(state.record, 'session-joined'))
  return reserves.every((node) => state.gone.includes(node))
}

function participantsOutcome(turn: Turn): Outcome | null {
  const { adopted, record } = turn.state
  if (said(record, 'session-cancelled', () => true)) return 'cancelled'
  if (adopted) return 'answered'
  const closed = said(record, 'session-closed', () => true)
  if (closed && closed.message.outcome !== 'answered') return 'failed'
  const opened = openedOf(record)
  if (!opened || assignedOf(record)) return null
  // The asker goes alone one deadline after its window; one more for its word to arrive. Then the engine is free again.
  const { joinMs, finalizeMs } = opened.message.deadlines
  return due(turn, 'expiry', (since(turn.state, 'started') ?? turn.now) + joinMs + 2 * finalizeMs) ? 'failed' : null
}

function end(turn: Turn, outcome: Outcome): void {
  update(turn, { outcome })
  abort(turn, 'generate')
  abort(turn, 'judge')
  persist(turn)
  const { question, record, sent } = turn.state
  // Also while our own opening is still on its way back to us: others may have heard it.
  if (question && (openedOf(record) || sent.includes('session-opened'))) announce(turn, outcome)
  turn.effects.push({ type: 'notify', event: { type: 'ended', outcome } })
}

function announce(turn: Turn, outcome: Outcome): void {
  const { session } = turn.state
  if (outcome === 'cancelled') return publishOnce(turn, 'session-cancelled', { type: 'session-cancelled', session })
  const said: Record<Exclude<Outcome, 'cancelled'>, MessageOf<'session-closed'>['outcome']> = {
    answered: 'answered',
    alone: 'failed',
    failed: 'failed',
  }
  publishOnce(turn, 'session-closed', { type: 'session-closed', session, outcome: said[outcome] })
}

/**
 * The record is kept for a while after the end, for a verdict of a lower term and for whoever asks for envelopes. A
 * participant whose session never ends gives up when every take-over would have had its turn.
 */
function expire(turn: Turn): void {
  const { state } = turn
  const opened = openedOf(state.record)
  const deadlines = opened?.message.deadlines ?? state.question?.deadlines
  const began = since(state, 'started') ?? turn.now
  if (!deadlines) {
    if (due(turn, 'expiry', began + ORPHAN_MS)) giveUp(turn)
    return
  }
  const { joinMs, executeMs, verifyMs, finalizeMs } = deadlines
  const terms = Math.max(1, participantsOf(state.record).length)
  const lifetime = joinMs + executeMs + verifyMs + (2 * terms + 4) * finalizeMs
  // The asker's own model gets the time that it needs, however fast the others were.
  const ownUntil = (since(state, 'alone') ?? -Infinity) + (state.question?.aloneMs ?? executeMs)
  if (due(turn, 'expiry', Math.max(began + lifetime, ownUntil))) giveUp(turn)
}

/** How long messages of a session wait for the one that opens it. */
const ORPHAN_MS = 10_000

function giveUp(turn: Turn): void {
  if (turn.state.outcome === null) end(turn, 'failed')
  turn.effects.push({ type: 'notify', event: { type: 'expired' } })
}

/** Whether this node's engine is spoken for by the session (SPEC JOIN-3). */
export function reservesEngine(state: SessionState): boolean {
  if (state.outcome !== null) return false
  if (!assignedOf(state.record)) return state.offer.engine !== null
  const seat = seatOf(state.record, state.self)
  if (!seat) return state.running.length > 0
  return seat.role === 'executor' ? state.own.answer === null : state.own.scores === null
}
