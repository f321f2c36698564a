import { ascending } from '../bytes.ts'
import type { Digest, NodeId, OperatorId } from '../protocol/ids.ts'
import { MAX_INVITED, MAX_STAGE_MS } from '../protocol/limits.ts'
import type { Deadlines, EngineOffer, Needs } from '../protocol/messages.ts'
import { needsForSize } from '../session/draw.ts'
import { graceMs } from '../session/progress.ts'
import { rolesThatFit, workOf, type RolesOffered, type StageTimes, type Task } from './fit.ts'
import type { Presence } from './presence.ts'

export interface AskerView {
  readonly self: NodeId
  readonly operator: OperatorId
  /** Whether the asker's own node has a model and takes part. */
  readonly ownEngine: EngineOffer | null
  readonly present: readonly Presence[]
  /** Nodes with a direct link to this one. */
  readonly linked: ReadonlySet<NodeId>
  /** Measured round trips, in ms. */
  readonly roundTripMs: Readonly<Partial<Record<NodeId, number>>>
}

export interface Invitation {
  readonly invited: readonly NodeId[]
  readonly needs: Needs
  readonly deadlines: Deadlines
  /** Whether the asker's own engine keeps up with the others'. */
  readonly ownExecutes: boolean
}

/** Someone who could be invited. */
interface Candidate {
  readonly presence: Presence
  readonly engine: EngineOffer
  /** When it would be done with each stage, with what it has to do before and the way there and back, in ms. */
  readonly expected: StageTimes
}

/** A node that was never measured is taken for a far one. */
const UNKNOWN_ROUND_TRIP_MS = 1000

/** Sessions that an idle node takes at once; how many fewer it has free says how many are before this one. */
const IDLE_SLOTS = 4

/**
 * Whom to invite (SPEC LEAD-2, LEAD-11, LEAD-12): what the session needs plus half, at most 16, the asker's own node among
 * them, of those who keep the pace of half of the swarm. Null when nobody else could take part.
 */
export function chooseCandidates(view: AskerView, wanted: Partial<Needs>, task: Task): Invitation | null {
  const able = view.present.filter(
    ({ node, said }) => node !== view.self && said.engines.length > 0 && (said.executes || said.verifies),
  )
  const all = needsFor(able.length + (view.ownEngine ? 1 : 0), wanted)
  if (able.length === 0) return null
  const candidates = able.map((presence) => candidateOf(view, presence, task, all.executors))
  const own = view.ownEngine && workOf(view.ownEngine, task, all.executors)
  const pace = paceOf(candidates, own)
  const executing = candidates
    .filter(({ presence }) => presence.said.executes)
    .map(({ engine: { tier }, expected: { executeMs } }) => ({ tier, executeMs }))
  const ownWork = own && { tier: view.ownEngine?.tier ?? 0, executeMs: own.executeMs }
  const everybody = ownWork ? [...executing, ownWork] : executing
  const paceOfTier = paceFor(everybody, pace)
  const usual = deadlinesFor(pace)
  const longestMs = Math.max(0, ...everybody.map((one) => paceOfTier(one).executeMs))
  const deadlines = { ...usual, executeMs: Math.max(usual.executeMs, Math.min(MAX_STAGE_MS, 2 * longestMs)) }
  const opening = { maxTokens: task.maxTokens, needs: all, deadlines }
  const kept = candidates.filter(({ presence: { said }, engine, expected }) => {
    const fits = rolesThatFit(engine, opening)
    return keepsPace(
      { executes: said.executes && fits.executes, verifies: said.verifies && fits.verifies },
      expected,
      paceOfTier({ tier: engine.tier, executeMs: expected.executeMs }),
    )
  })
  if (kept.length === 0) return null
  const ownFits = view.ownEngine && { ...rolesThatFit(view.ownEngine, opening), verifies: false }
  const ownExecutes =
    ownFits !== null && own !== null && ownWork !== null && keepsPace(ownFits, own, paceOfTier(ownWork))
  const needs = needsFor(kept.length + (ownExecutes ? 1 : 0), wanted)
  const places = Math.max(1, Math.min(MAX_INVITED, Math.ceil((needs.executors + needs.verifiers) * 1.5)) - 1)
  const chosen = inOrder(view, kept, needs, places).slice(0, places)
  return { needs, deadlines, ownExecutes, invited: [view.self, ...chosen.map(({ presence }) => presence.node)] }
}

function needsFor(size: number, wanted: Partial<Needs>): Needs {
  const usual = needsForSize(Math.max(2, size)) ?? { executors: 1, verifiers: 1 }
  return { executors: wanted.executors ?? usual.executors, verifiers: wanted.verifiers ?? usual.verifiers }
}

function candidateOf(view: AskerView, presence: Presence, task: Task, answers: number): Candidate {
  const { said, node } = presence
  const trip = view.roundTripMs[node] ?? UNKNOWN_ROUND_TRIP_MS
  const turns = 1 + Math.max(0, IDLE_SLOTS - said.freeSlots)
  const timed = said.engines.map((engine) => {
    const { executeMs, verifyMs } = workOf(engine, task, answers)
    return { presence, engine, expected: { executeMs: executeMs * turns + trip, verifyMs: verifyMs * turns + trip } }
  })
  return timed.reduce((best, other) => (other.expected.executeMs < best.expected.executeMs ? other : best))
}

/** Fewer than this are no swarm, however slow the third is: its answer or judgement is worth waiting for. */
const LEAST = 3

/** What the slower end of the faster half takes, and at least of the fastest three (SPEC LEAD-11). */
function paceOf(candidates: readonly Candidate[], own: StageTimes | null): StageTimes {
  const kth = (times: readonly number[]) => {
    const place = Math.max(Math.min(LEAST, times.length), Math.ceil(times.length / 2))
    return [...times].sort((a, b) => a - b)[place - 1] ?? 0
  }
  const those = (role: 'executes' | 'verifies') => candidates.filter(({ presence }) => presence.said[role])
  return {
    executeMs: kth([...those('executes').map(({ expected }) => expected.executeMs), ...(own ? [own.executeMs] : [])]),
    verifyMs: kth(those('verifies').map(({ expected }) => expected.verifyMs)),
  }
}

/** A larger model's answer is worth this long, however fast smaller ones are. */
const LARGER_MS = 20_000

/** The pace for a model of a tier: one larger than all that keep the pace is waited for, if it is not too slow. */
function paceFor(executing: readonly Executing[], pace: StageTimes): (one: Executing) => StageTimes {
  const onPace = executing.filter(({ executeMs }) => executeMs <= pace.executeMs + graceMs(pace.executeMs))
  const highest = Math.max(0, ...onPace.map(({ tier }) => tier))
  return ({ tier, executeMs }) =>
    tier > highest && executeMs <= LARGER_MS ? { ...pace, executeMs: Math.max(pace.executeMs, executeMs) } : pace
}

interface Executing {
  readonly tier: number
  readonly executeMs: number
}

/** Whether a node would be done in every role that it would offer before the asker loses patience with it (LEAD-5). */
function keepsPace({ executes, verifies }: RolesOffered, expected: StageTimes, pace: StageTimes): boolean {
  const inTime = (tookMs: number, paceMs: number) => tookMs <= paceMs + graceMs(paceMs)
  if (!executes && !verifies) return false
  return (
    (!executes || inTime(expected.executeMs, pace.executeMs)) && (!verifies || inTime(expected.verifyMs, pace.verifyMs))
  )
}

/**
 * Nodes that are free, linked, visible and of other operators first. Among equals of the largest models there are enough to
 * answer and to judge it, in at most half of the places; then one of each model in turn, rarer models and faster
 * nodes first: diversity is what makes a vote worth something.
 */
function inOrder(view: AskerView, kept: readonly Candidate[], needs: Needs, places: number): Candidate[] {
  const served = countBy(kept, modelOf)
  const flags = ({ presence: { said, node } }: Candidate) =>
    (said.freeSlots > 0 ? 8 : 0) +
    (view.linked.has(node) ? 4 : 0) +
    (said.visibility === 'visible' ? 2 : 0) +
    (said.certificate.operator !== view.operator ? 1 : 0)
  const byMerit = [...kept].sort(
    (a, b) =>
      flags(b) - flags(a) ||
      (served.get(modelOf(a)) ?? 0) - (served.get(modelOf(b)) ?? 0) ||
      a.expected.executeMs - b.expected.executeMs ||
      ascending(a.presence.node, b.presence.node),
  )
  const top = Math.max(...kept.map(({ engine }) => engine.tier), view.ownEngine?.tier ?? 0)
  const lower = kept.some(({ engine }) => engine.tier < top)
  const share = lower ? Math.min(needs.verifiers + 1, Math.ceil(places / 2)) : 0
  const largest = byMerit.filter(({ engine }) => engine.tier === top).slice(0, share)
  const turn = new Map<Candidate, number>()
  const seen = countBy(largest, modelOf)
  const rest = byMerit.filter((candidate) => !largest.includes(candidate))
  for (const candidate of rest) {
    const before = seen.get(modelOf(candidate)) ?? 0
    turn.set(candidate, before)
    seen.set(modelOf(candidate), before + 1)
  }
  rest.sort((a, b) => flags(b) - flags(a) || (turn.get(a) ?? 0) - (turn.get(b) ?? 0))
  return [...largest, ...rest]
}

const modelOf = ({ engine }: Candidate): Digest => engine.modelDigest

function countBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, number> {
  const count = new Map<K, number>()
  for (const item of items) count.set(keyOf(item), (count.get(keyOf(item)) ?? 0) + 1)
  return count
}

/** How long a stage may take, over what those who set the pace need: machines are busy with other things too. */
const MARGIN = 4
const MIN_STAGE_MS = 15_000

/** Joining costs one round trip and no computing; whoever takes longer is asked another time. */
const JOIN_MS = 1500

/** For reveals and take-overs: some round trips on a slow link. */
const FINALIZE_MS = 3000

/** The deadlines of a session, from how long its stages take at the pace of its members, in ms. */
export function deadlinesFor({ executeMs, verifyMs }: StageTimes): Deadlines {
  const stage = (tookMs: number) => Math.round(Math.min(MAX_STAGE_MS, Math.max(MIN_STAGE_MS, tookMs * MARGIN)))
  return { joinMs: JOIN_MS, executeMs: stage(executeMs), verifyMs: stage(verifyMs), finalizeMs: FINALIZE_MS }
}
