import { ascending } from '../bytes.ts'
import type { NodeId, OperatorId } from '../protocol/ids.ts'
import { MAX_INVITED, MAX_STAGE_MS } from '../protocol/limits.ts'
import type { Deadlines, EngineOffer, Needs } from '../protocol/messages.ts'
import { needsForSize } from '../session/draw.ts'
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
}

/**
 * Whom to invite: what the session needs plus half, at most 16, the asker's own node among them (SPEC LEAD-2). Null
 * when nobody else could take part. Nodes that can be reached directly, are visible and have a free engine come
 * first, other operators before own tabs, rarer models before common ones, faster before slower.
 */
export function chooseCandidates(view: AskerView, wanted: Partial<Needs>): Invitation | null {
  const able = view.present.filter(
    ({ node, said }) => node !== view.self && said.engines.length > 0 && (said.executes || said.verifies),
  )
  if (able.length === 0) return null
  const size = able.length + (view.ownEngine ? 1 : 0)
  const usual = needsForSize(Math.max(2, size))
  if (!usual) return null
  const needs = { executors: wanted.executors ?? usual.executors, verifiers: wanted.verifiers ?? usual.verifiers }
  const places = Math.min(MAX_INVITED, Math.ceil((needs.executors + needs.verifiers) * 1.5)) - 1
  const chosen = rank(view, able).slice(0, Math.max(1, places))
  return { needs, invited: [view.self, ...chosen.map((presence) => presence.node)] }
}

function rank(view: AskerView, able: readonly Presence[]): Presence[] {
  const count = new Map<string, number>()
  for (const { said } of able)
    for (const engine of said.engines) count.set(engine.modelDigest, (count.get(engine.modelDigest) ?? 0) + 1)
  const rarity = ({ said }: Presence) => Math.min(...said.engines.map((engine) => count.get(engine.modelDigest) ?? 0))
  const speed = ({ said }: Presence) => Math.max(...said.engines.map((engine) => engine.decodeTokensPerSecond))
  const flags = (presence: Presence) =>
    (presence.said.freeSlots > 0 ? 8 : 0) +
    (view.linked.has(presence.node) ? 4 : 0) +
    (presence.said.visibility === 'visible' ? 2 : 0) +
    (presence.said.certificate.operator !== view.operator ? 1 : 0)
  const trip = (presence: Presence) => view.roundTripMs[presence.node] ?? 1000
  return [...able].sort(
    (a, b) =>
      flags(b) - flags(a) ||
      rarity(a) - rarity(b) ||
      speed(b) - speed(a) ||
      trip(a) - trip(b) ||
      ascending(a.node, b.node),
  )
}

/** How long this side of a stage may take on the slowest invited engine, times a margin for a busy machine. */
const MARGIN = 4
const MIN_STAGE_MS = 15_000

/** Joining costs one round trip and no computing; whoever takes longer is asked another time. */
const JOIN_MS = 1500

/** For reveals and take-overs: some round trips on a slow link. */
const FINALIZE_MS = 3000

/** The deadlines of a session, from measured speeds and the length of its texts (in tokens). */
export function deadlinesFor(
  engines: readonly EngineOffer[],
  promptTokens: number,
  maxTokens: number,
  needs: Needs,
): Deadlines {
  const slowest = (speed: (engine: EngineOffer) => number) => Math.max(1, Math.min(...engines.map(speed)))
  const prefill = slowest((engine) => engine.prefillTokensPerSecond)
  const decode = slowest((engine) => engine.decodeTokensPerSecond)
  const stage = (seconds: number) => Math.round(Math.min(MAX_STAGE_MS, Math.max(MIN_STAGE_MS, seconds * 1000 * MARGIN)))
  return {
    joinMs: JOIN_MS,
    executeMs: stage(promptTokens / prefill + maxTokens / decode),
    verifyMs: stage((needs.executors * (promptTokens + maxTokens)) / prefill),
    finalizeMs: FINALIZE_MS,
  }
}
