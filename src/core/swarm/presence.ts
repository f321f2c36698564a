import type { NodeId } from '../protocol/ids.ts'
import type { MessageOf } from '../protocol/messages.ts'

/** What a node said of itself, and until when that holds on this node's clock. */
export interface Presence {
  readonly node: NodeId
  readonly said: MessageOf<'node-advertised'>
  readonly sequence: number
  readonly heardAt: number
  readonly expiresAt: number
}

export type PresenceTable = ReadonlyMap<NodeId, Presence>

/** Nodes remembered at once; beyond it the one heard longest ago makes room. */
const MAX_PRESENT = 1024

/** Takes up an announcement, unless a newer one of that node is known (SPEC PRES-2). */
export function hear(
  table: PresenceTable,
  announcement: { node: NodeId; said: MessageOf<'node-advertised'>; sequence: number },
  now: number,
): PresenceTable {
  const known = table.get(announcement.node)
  if (known && known.sequence >= announcement.sequence) return table
  const heard = new Map(table).set(announcement.node, {
    ...announcement,
    heardAt: now,
    expiresAt: now + announcement.said.expiresInMs,
  })
  if (heard.size <= MAX_PRESENT) return heard
  const longestAgo = present(heard).reduce((oldest, other) => (other.heardAt < oldest.heardAt ? other : oldest))
  return leave(heard, longestAgo.node)
}

export function leave(table: PresenceTable, node: NodeId): PresenceTable {
  if (!table.has(node)) return table
  const left = new Map(table)
  left.delete(node)
  return left
}

/** Forgets whom nothing was heard from in time. Returns who that was. */
export function expire(table: PresenceTable, now: number): { table: PresenceTable; gone: NodeId[] } {
  const gone = present(table)
    .filter((presence) => presence.expiresAt <= now)
    .map((presence) => presence.node)
  return { table: gone.reduce(leave, table), gone }
}

/**
 * This node was deaf for a while: what was said before has aged by as much. It stands until `confirmBy` at least, so that
 * whoever is still there can say so (SPEC AWAY-3).
 */
export function age(table: PresenceTable, durationMs: number, confirmBy: number): PresenceTable {
  return new Map(
    present(table).map((presence) => {
      const expiresAt = Math.min(presence.expiresAt, Math.max(presence.expiresAt - durationMs, confirmBy))
      return [presence.node, { ...presence, expiresAt }]
    }),
  )
}

export function present(table: PresenceTable): Presence[] {
  return [...table.values()]
}

/** When the next announcement runs out; undefined while nobody is there. */
export function nextExpiry(table: PresenceTable): number | undefined {
  let next: number | undefined
  for (const { expiresAt } of table.values()) if (next === undefined || expiresAt < next) next = expiresAt
  return next
}

/**
 * Whether `self` is one of the `count` nodes whose ids are nearest to that of `newcomer`, as far as it knows. All nodes
 * that know the same agree on who these are.
 */
export function isAmongNearest(table: PresenceTable, self: NodeId, newcomer: NodeId, count: number): boolean {
  const own = distance(self, newcomer)
  let nearer = 0
  for (const node of table.keys()) {
    if (node !== newcomer && distance(node, newcomer) < own && ++nearer >= count) return false
  }
  return true
}

function distance(a: NodeId, b: NodeId): number {
  return (Number.parseInt(a.slice(0, 8), 16) ^ Number.parseInt(b.slice(0, 8), 16)) >>> 0
}
