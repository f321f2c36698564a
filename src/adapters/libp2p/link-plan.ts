import type { NodeId } from '#core/protocol/ids.ts'
import type { MeshLimits } from './limits.ts'

/** A node that announced itself, or was met in an earlier life of this profile. */
export interface Candidate {
  readonly node: NodeId
  /** False for one that is only remembered. */
  readonly announced: boolean
  readonly listening: boolean
  /** Direct links it says it has. */
  readonly links: number
  readonly firstHeardMs: number
  /** Not to be dialled before this time. */
  readonly retryAtMs: number
}

export interface DirectLink {
  readonly node: NodeId
  readonly roundTripMs: number | null
  /** Direct links it says it has; 0 where it has not said. */
  readonly remoteLinks: number
}

export interface LinkPlan {
  readonly dial: readonly NodeId[]
  readonly close: readonly NodeId[]
  /** When to plan again although nothing happened; null for never. */
  readonly nextAtMs: number | null
}

/**
 * Whom to dial and whom to drop, from what is known now.
 *
 * Of two nodes the one with the lower id dials at once, the other after a grace period, or at once where the lower one
 * has as many links as it wants and so will not dial. Nodes with the fewest links come first, which keeps the graph
 * connected; among equals the node's own pseudo-random order decides, so that not everybody picks the same.
 */
export function planLinks(input: {
  readonly self: NodeId
  readonly nowMs: number
  readonly limits: MeshLimits
  readonly direct: readonly DirectLink[]
  /** When each dial under way began. */
  readonly dialing: ReadonlyMap<NodeId, number>
  readonly candidates: Iterable<Candidate>
}): LinkPlan {
  const { self, nowMs, limits, direct, dialing } = input
  const surplus = Math.max(0, direct.length - limits.maxLinks)
  const close = [...direct].sort(leastNeededFirst).slice(0, surplus)

  // A dial that hangs must not keep others from being tried.
  const slowAtMs = [...dialing.values()]
    .map((startedMs) => startedMs + limits.slowDialMs)
    .filter((atMs) => atMs > nowMs)
  let room = Math.min(limits.targetLinks - direct.length, limits.parallelDials) - slowAtMs.length
  const plan = { dial: [] as NodeId[], close: close.map(({ node }) => node), nextAtMs: null as number | null }
  if (direct.length < limits.targetLinks && slowAtMs.length > 0) plan.nextAtMs = Math.min(...slowAtMs)
  if (room <= 0) return plan

  const linked = new Set(direct.map(({ node }) => node))
  const open = [...input.candidates].filter(
    ({ node, listening }) => listening && !linked.has(node) && !dialing.has(node),
  )
  const inOrder = open
    .map((candidate) => ({ ...candidate, order: distance(self, candidate.node) }))
    .sort((a, b) => a.links - b.links || a.order - b.order)
  for (const candidate of inOrder) {
    const waits = self > candidate.node && candidate.links < limits.targetLinks
    const atMs = Math.max(candidate.retryAtMs, waits ? candidate.firstHeardMs + limits.dialGraceMs : 0)
    if (atMs > nowMs) {
      plan.nextAtMs = Math.min(plan.nextAtMs ?? atMs, atMs)
    } else if (room > 0) {
      plan.dial.push(candidate.node)
      room--
    }
  }
  return plan
}

/** The better linked the other side, the less it misses the link; then the slower. */
function leastNeededFirst(a: DirectLink, b: DirectLink): number {
  return b.remoteLinks - a.remoteLinks || (b.roundTripMs ?? 0) - (a.roundTripMs ?? 0)
}

/** A number that looks random and differs for every pair of nodes. */
function distance(a: NodeId, b: NodeId): number {
  return (Number.parseInt(a.slice(0, 8), 16) ^ Number.parseInt(b.slice(0, 8), 16)) >>> 0
}
