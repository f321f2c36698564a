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

export type PresenceTable = Readonly<Record<NodeId, Presence>>

/** Nodes remembered at once; beyond it the one heard longest ago makes room. */
const MAX_PRESENT = 1024

/** Takes up an announcement, unless a newer one of that node is known (SPEC PRES-2). */
export function hear(
  table: PresenceTable,
  announcement: { node: NodeId; said: MessageOf<'node-advertised'>; sequence: number },
  now: number,
): PresenceTable {
  const known = table[announcement.node]
  if (known && known.sequence >= announcement.sequence) return table
  const heard = {
    ...table,
    [announcement.node]: { ...announcement, heardAt: now, expiresAt: now + announcement.said.expiresInMs },
  }
  const present = Object.values(heard) as Presence[]
  if (present.length <= MAX_PRESENT) return heard
  const longestAgo = present.reduce((oldest, other) => (other.heardAt < oldest.heardAt ? other : oldest))
  return leave(heard, longestAgo.node)
}

export function leave(table: PresenceTable, node: NodeId): PresenceTable {
  if (!(node in table)) return table
  return Object.fromEntries(Object.entries(table).filter(([other]) => other !== node))
}

/** Forgets whom nothing was heard from in time. Returns who that was. */
export function expire(table: PresenceTable, now: number): { table: PresenceTable; gone: NodeId[] } {
  const gone = present(table)
    .filter((presence) => presence.expiresAt <= now)
    .map((presence) => presence.node)
  return { table: gone.reduce(leave, table), gone }
}

export function present(table: PresenceTable): Presence[] {
  return Object.values(table) as Presence[]
}

/** When the next announcement runs out; undefined while nobody is there. */
export function nextExpiry(table: PresenceTable): number | undefined {
  const times = present(table).map((presence) => presence.expiresAt)
  return times.length > 0 ? Math.min(...times) : undefined
}
