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
 * A node that has a link leaves dialling to the other for so many graces: on a slow machine the other's dial takes longer
 * than one, and of two connections made one after the other the first is given up.
 */
const LINKED_GRACES = 4

/**
 * Whom to dial and whom to drop, from what is known now.
 *
 * Every node wants links to its two neighbours in the ring of ids, however many it has: where all know each other, the
 * graph is connected. Without them, nodes that come at the same time satisfy each other's wants and stay among
 * themselves, and only the relay's gossip joins such groups. For its other links a node takes those with the fewest
 * first; among equals its own pseudo-random order decides, so that not everybody picks the same.
 *
 * Of two nodes the one with the lower id dials at once, the other after a grace period, or at once where the lower one
 * has as many links as it wants and so will not dial.
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
  const linked = new Set(direct.map(({ node }) => node))
  const open = [...input.candidates].filter(
    ({ node, listening }) => listening && !linked.has(node) && !dialing.has(node),
  )
  // Who does not answer is passed over until it is tried again.
  const reachable = open.filter(({ announced, retryAtMs }) => announced && retryAtMs <= nowMs).map(({ node }) => node)
  const ring = ringNeighbours(self, [...linked, ...dialing.keys(), ...reachable])
  const inRing = open.filter(({ node }) => ring.has(node))

  const surplus = Math.max(0, direct.length - limits.maxLinks)
  const close = direct.filter(({ node }) => !ring.has(node)).sort(leastNeededFirst)
  const plan = {
    dial: [] as NodeId[],
    close: close.slice(0, surplus).map(({ node }) => node),
    nextAtMs: null as number | null,
  }
  const lookAgainAt = (atMs: number) => (plan.nextAtMs = Math.min(plan.nextAtMs ?? atMs, atMs))

  // A dial that hangs must not keep others from being tried.
  const slowAtMs = [...dialing.values()]
    .map((startedMs) => startedMs + limits.slowDialMs)
    .filter((atMs) => atMs > nowMs)
  if (slowAtMs.length > 0 && (direct.length < limits.targetLinks || inRing.length > 0)) {
    lookAgainAt(Math.min(...slowAtMs))
  }
  let slots = limits.parallelDials - slowAtMs.length
  const consider = (candidate: Candidate) => {
    const willDial = ring.has(candidate.node) || candidate.links < limits.targetLinks
    const patienceMs = direct.length === 0 ? limits.dialGraceMs : LINKED_GRACES * limits.dialGraceMs
    const graceMs = self > candidate.node && willDial ? patienceMs : 0
    const atMs = Math.max(candidate.retryAtMs, candidate.firstHeardMs + graceMs)
    if (atMs > nowMs) lookAgainAt(atMs)
    else if (slots > 0) {
      plan.dial.push(candidate.node)
      slots--
    }
  }
  inRing.forEach(consider)

  // Whoever is next in the ring will be linked, by this node or by itself.
  slots = Math.min(slots, limits.targetLinks - direct.length - slowAtMs.length - inRing.length)
  if (slots <= 0) return plan
  open
    .filter(({ node }) => !ring.has(node))
    .map((candidate) => ({ ...candidate, order: distance(self, candidate.node) }))
    .sort((a, b) => a.links - b.links || a.order - b.order)
    .forEach(consider)
  return plan
}

/** The nodes before and after `self` in the order of ids, which goes round. At most two, and the same one where there is one. */
export function ringNeighbours(self: NodeId, nodes: Iterable<NodeId>): ReadonlySet<NodeId> {
  let [first, last, before, after]: (NodeId | undefined)[] = []
  for (const node of nodes) {
    if (node === self) continue
    if (first === undefined || node < first) first = node
    if (last === undefined || node > last) last = node
    if (node < self && (before === undefined || node > before)) before = node
    if (node > self && (after === undefined || node < after)) after = node
  }
  return new Set([before ?? last, after ?? first].filter((node) => node !== undefined))
}

/** The better linked the other side, the less it misses the link; then the slower. */
function leastNeededFirst(a: DirectLink, b: DirectLink): number {
  return b.remoteLinks - a.remoteLinks || (b.roundTripMs ?? 0) - (a.roundTripMs ?? 0)
}

/** A number that looks random and differs for every pair of nodes. */
function distance(a: NodeId, b: NodeId): number {
  return (Number.parseInt(a.slice(0, 8), 16) ^ Number.parseInt(b.slice(0, 8), 16)) >>> 0
}
