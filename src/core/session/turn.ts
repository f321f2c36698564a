import { domainHash } from '../protocol/domains.ts'
import { hexToBytes } from '../bytes.ts'
import type { Digest, Salt } from '../protocol/ids.ts'
import type { SealedText, SessionMessage } from '../protocol/messages.ts'
import { textDigest } from '../protocol/domains.ts'
import type { Effect, Job, JobKind, Mark, SessionState, TimerId } from './state.ts'

/**
 * One step being worked out: the state so far and the effects so far. Lives only inside `step`, which is pure as a
 * whole.
 */
export interface Turn {
  state: SessionState
  readonly now: number
  readonly effects: Effect[]
  /** Deadlines that hold after this step; those not named again are cleared. */
  deadlines: Partial<Record<TimerId, number>>
}

export function update(turn: Turn, change: Partial<SessionState>): void {
  turn.state = { ...turn.state, ...change }
}

/** Makes a statement, once. `subject` names it among the statements of this node in this session. */
export function publishOnce(turn: Turn, subject: string, message: SessionMessage): void {
  if (turn.state.sent.includes(subject)) return
  update(turn, { sent: [...turn.state.sent, subject] })
  turn.effects.push({ type: 'publish', message })
}

/** Makes everything known so far durable before what this step publishes next. */
export function persist(turn: Turn): void {
  const { session, seed, question, own } = turn.state
  turn.effects.push({ type: 'persist', snapshot: { session, seed, question, own } })
}

/** Asks others for statements, once a subject; for all that they have of the session where none is named. */
export function fetchOnce(turn: Turn, subject: string, digests: readonly Digest[]): void {
  const key = `fetch:${subject}`
  if (turn.state.sent.includes(key)) return
  update(turn, { sent: [...turn.state.sent, key] })
  turn.effects.push({ type: 'fetch', digests })
}

/**
 * Asks others for all that they have of the session, at a time and again after each doubling of the wait, for as long as
 * the caller has reason to: what was asked may be out of reach now, and what it answers may get lost.
 */
export function fetchAgain(turn: Turn, subject: string, from: number, firstWaitMs: number): void {
  if (!due(turn, 'catch-up', from)) return
  let round = 0
  const endsAt = () => from + (2 ** (round + 1) - 1) * firstWaitMs
  while (endsAt() <= turn.now) round++
  fetchOnce(turn, `${subject}:${round}`, [])
  due(turn, 'catch-up', endsAt())
}

export function infer(turn: Turn, job: Job): void {
  update(turn, { running: [...turn.state.running, job.kind] })
  turn.effects.push({ type: 'infer', job })
}

export function abort(turn: Turn, kind: JobKind): void {
  if (!turn.state.running.includes(kind)) return
  update(turn, { running: turn.state.running.filter((other) => other !== kind) })
  turn.effects.push({ type: 'abort', kind })
}

/** Asks to be woken at a time; the earliest wish under a name holds. Returns whether that time has come. */
export function due(turn: Turn, id: TimerId, at: number): boolean {
  if (turn.now >= at) return true
  if (at === Infinity) return false
  turn.deadlines[id] = Math.min(turn.deadlines[id] ?? Infinity, at)
  return false
}

export function mark(turn: Turn, name: Mark): void {
  if (turn.state.marks[name] === undefined) update(turn, { marks: { ...turn.state.marks, [name]: turn.now } })
}

/** For what may cease to hold: marks when it began to, and takes that back when it no longer does. */
export function markWhile(turn: Turn, name: Mark, holds: boolean): void {
  if (holds) return mark(turn, name)
  if (turn.state.marks[name] === undefined) return
  update(turn, { marks: Object.fromEntries(Object.entries(turn.state.marks).filter(([key]) => key !== name)) })
}

/** A secret of this node in this session, by purpose: a function of its seed, so that a reload finds it again. */
export function secret(state: Pick<SessionState, 'seed'>, purpose: string): Salt {
  return domainHash('derive', [hexToBytes(state.seed), purpose]) as string as Salt
}

export function sealable(state: SessionState, purpose: string, text: string): SealedText {
  const salt = secret(state, purpose)
  return { digest: textDigest(state.session, salt, text), salt, text }
}
