import type { NodeId } from './ids.ts'

/**
 * Remembers the sequence numbers seen from each sender, in a sliding window (as RFC 4303, section 3.4.3, does for
 * packets): a number is fresh once. Gossip may reorder, so a number somewhat older than the newest is still good.
 */
export interface ReplayWindows {
  readonly bySender: ReadonlyMap<NodeId, readonly number[]>
}

/** Room for a node's messages of several sessions at once. */
const WINDOW = 256

/** Senders remembered; the one heard longest ago is forgotten first. */
const MAX_SENDERS = 4096

export const noReplays: ReplayWindows = { bySender: new Map() }

/** Whether a statement is fresh, and what to remember afterwards. */
export function checkReplay(
  windows: ReplayWindows,
  sender: NodeId,
  sequence: number,
): { fresh: boolean; windows: ReplayWindows } {
  const seen = windows.bySender.get(sender) ?? []
  const oldest = seen[0]
  const beforeWindow = seen.length === WINDOW && oldest !== undefined && sequence < oldest
  if (beforeWindow || seen.includes(sequence)) return { fresh: false, windows }
  const bySender = new Map(windows.bySender)
  bySender.delete(sender)
  bySender.set(sender, [...seen, sequence].sort((a, b) => a - b).slice(-WINDOW))
  if (bySender.size > MAX_SENDERS) {
    const [longestAgo] = bySender.keys()
    if (longestAgo !== undefined) bySender.delete(longestAgo)
  }
  return { fresh: true, windows: { bySender } }
}
