import type { NodeId } from './ids.ts'

/** Room for a node's messages of several sessions at once. */
const WINDOW = 256

/** Senders remembered; the one heard longest ago is forgotten first. */
const MAX_SENDERS = 4096

/**
 * Remembers the sequence numbers seen from each sender, in a sliding window (as RFC 4303, section 3.4.3, does for
 * packets): a number is fresh once. Gossip may reorder, so a number somewhat older than the newest is still good.
 * It is changed in place, as it is asked for every frame that arrives.
 */
export class ReplayWindows {
  /** By sender, heard longest ago first; the numbers ascending. */
  readonly #seenBySender = new Map<NodeId, number[]>()

  /** Whether a statement is fresh. It is remembered, so a second asking says no. */
  admit(sender: NodeId, sequence: number): boolean {
    const seen = this.#seenBySender.get(sender) ?? []
    // Most are newer than all that were seen, so the search begins there.
    let place = seen.length
    while (place > 0 && (seen[place - 1] ?? 0) > sequence) place--
    const beforeWindow = place === 0 && seen.length === WINDOW
    if (beforeWindow || seen[place - 1] === sequence) return false
    seen.splice(place, 0, sequence)
    if (seen.length > WINDOW) seen.shift()
    this.#seenBySender.delete(sender)
    this.#seenBySender.set(sender, seen)
    this.#keepBound()
    return true
  }

  #keepBound(): void {
    const [longestAgo] = this.#seenBySender.keys()
    if (this.#seenBySender.size > MAX_SENDERS && longestAgo !== undefined) this.#seenBySender.delete(longestAgo)
  }
}
