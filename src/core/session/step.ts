import type { SessionId, Salt, NodeId } from '../protocol/ids.ts'
import { MAX_EARLY } from '../protocol/limits.ts'
import type { Role } from '../protocol/messages.ts'
import { addEntry, createRecord } from './record.ts'
import { assign, moveStageOn, open, reachVerdict } from './leader.ts'
import { execute } from './executor.ts'
import { catchUp } from './catch-up.ts'
import { join } from './joiner.ts'
import { verify, waitForReveals } from './verifier.ts'
import { adoptVerdict, checkOthers } from './witness.ts'
import { endSession } from './ending.ts'
import { noteProgress } from './progress.ts'
import type {
  Effect,
  Input,
  Offer,
  OwnAnswer,
  OwnScores,
  Question,
  LeadersStatement,
  SessionEvent,
  SessionState,
  TimerId,
} from './state.ts'
import { due, mark, markWhile, update, type Turn } from './turn.ts'
import { openedOf } from './lookup.ts'
import { heededAt } from './takeover.ts'
import type { Entry } from './entry.ts'

export interface SessionInit {
  readonly session: SessionId
  readonly self: NodeId
  readonly offer: Offer
  readonly seed: Salt
  /** Set at the asker, null at everybody else. */
  readonly question: Question | null
  /** What a reloaded tab had worked out already. */
  readonly own?: { readonly answer: OwnAnswer | null; readonly scores: OwnScores | null }
}

export function createSession(init: SessionInit): SessionState {
  return {
    session: init.session,
    self: init.self,
    offer: init.offer,
    seed: init.seed,
    question: init.question,
    record: createRecord(init.session),
    untimely: [],
    heardAt: new Map(),
    marks: {},
    gone: [],
    sent: [],
    running: [],
    failed: [],
    own: init.own ?? { answer: null, scores: null },
    cancelled: false,
    deadlines: {},
    outcome: null,
    adopted: null,
  }
}

/**
 * One input, to completion: takes it up, then lets each role do what the record now asks of it. The roles look only at
 * the record and at this node's own work, never at the input, so any order and any repetition of inputs leads to
 * the same place (SPEC STEP-1).
 */
export function stepSession(state: SessionState, input: Input): { state: SessionState; effects: readonly Effect[] } {
  if (input.type === 'node-gone' && !matters(state, input.node)) return { state, effects: [] }
  const turn: Turn = { state, now: input.now, effects: [], deadlines: {} }
  takeUp(turn, input)
  mark(turn, 'started')
  // What a take-over said may be heeded only because of what this step found out; then there is more to do.
  do act(turn)
  while (heedTakeovers(turn))
  settleTimers(turn)
  return { state: turn.state, effects: turn.effects }
}

/** Whether anything may depend on a node being gone: a tab hears of many that were not invited. */
function matters({ record, question }: SessionState, node: NodeId): boolean {
  const invited = openedOf(record)?.message.invited ?? question?.invited
  return invited === undefined || invited.includes(node)
}

function act(turn: Turn): void {
  turn.deadlines = {}
  noteProgress(turn)
  waitForReveals(turn)
  if (turn.state.outcome === null) {
    open(turn)
    join(turn)
    assign(turn)
    execute(turn)
    verify(turn)
    moveStageOn(turn, 'executor')
    moveStageOn(turn, 'verifier')
    reachVerdict(turn)
  }
  checkOthers(turn)
  adoptVerdict(turn)
  catchUp(turn)
  endSession(turn)
}

function takeUp(turn: Turn, input: Input): void {
  const { state } = turn
  switch (input.type) {
    case 'received':
      if (isLeadersStatement(input.entry)) receiveFromLeader(turn, input.entry)
      else add(turn, input.entry)
      return
    case 'reopened':
      for (const entry of input.entries) add(turn, entry)
      return
    case 'generated':
      if (!state.running.includes('generate')) return
      update(turn, { running: without(state.running, 'generate'), own: { ...state.own, answer: input.answer } })
      return
    case 'judged':
      if (!state.running.includes('judge')) return
      update(turn, { running: without(state.running, 'judge'), own: { ...state.own, scores: input.scores } })
      return
    case 'inference-failed':
      update(turn, { running: without(state.running, input.kind), failed: [...state.failed, input.kind] })
      return
    case 'node-gone':
      if (!state.gone.includes(input.node)) update(turn, { gone: [...state.gone, input.node] })
      if (openedOf(state.record)?.from === input.node) mark(turn, 'leader-gone')
      return
    case 'node-back':
      update(turn, { gone: without(state.gone, input.node) })
      if (openedOf(state.record)?.from === input.node) markWhile(turn, 'leader-gone', false)
      return
    case 'stood-still':
      mark(turn, 'resumed')
      return
    case 'cancel':
      update(turn, { cancelled: true })
      return
    case 'started':
    case 'timer':
      return
  }
}

function add(turn: Turn, entry: Entry): void {
  const { record, added, refused } = addEntry(turn.state.record, entry)
  const heardAt = new Map(turn.state.heardAt)
  for (const { digest } of added) if (!heardAt.has(digest)) heardAt.set(digest, turn.now)
  update(turn, { record, heardAt })
  for (const { entry, reason } of refused) notify(turn, { type: 'refused', entry, reason })
  if (added.length > 0) notify(turn, { type: 'changed' })
}

function isLeadersStatement(entry: Entry): entry is LeadersStatement {
  return entry.message.type === 'commitments-closed' || entry.message.type === 'verdict-reached'
}

/** A take-over's word waits until its turn has come here too; our own take-over has come already. */
function receiveFromLeader(turn: Turn, entry: LeadersStatement): void {
  const { state } = turn
  if (entry.from === state.self || turn.now >= heededAt(state, entry)) return add(turn, entry)
  const same = ({ from, message }: LeadersStatement) =>
    from === entry.from && message.type === entry.message.type && roleOf(message) === roleOf(entry.message)
  if (state.untimely.some(same)) return
  if (state.untimely.length >= MAX_EARLY) return notify(turn, { type: 'refused', entry, reason: 'too-many-early' })
  update(turn, { untimely: [...state.untimely, entry] })
}

function roleOf(message: LeadersStatement['message']): Role | null {
  return message.type === 'commitments-closed' ? message.role : null
}

/** Returns whether anything was taken up. */
function heedTakeovers(turn: Turn): boolean {
  const heeded = turn.state.untimely.filter((entry) => due(turn, 'lead', heededAt(turn.state, entry)))
  for (const entry of heeded) {
    update(turn, { untimely: without(turn.state.untimely, entry) })
    add(turn, entry)
  }
  return heeded.length > 0
}

function notify(turn: Turn, event: SessionEvent): void {
  turn.effects.push({ type: 'notify', event })
}

function without<T>(list: readonly T[], item: T): T[] {
  return list.filter((other) => other !== item)
}

/** Turns this step's deadlines into timers: sets what is new or moved, clears what no longer matters. */
function settleTimers(turn: Turn): void {
  const before = turn.state.deadlines
  for (const id of Object.keys(before) as TimerId[]) {
    if (turn.deadlines[id] === undefined) turn.effects.push({ type: 'clear-timer', id })
  }
  for (const [id, at] of Object.entries(turn.deadlines) as [TimerId, number][]) {
    if (before[id] !== at) turn.effects.push({ type: 'set-timer', id, at })
  }
  update(turn, { deadlines: turn.deadlines })
}
