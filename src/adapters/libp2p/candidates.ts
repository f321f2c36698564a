import type { NodeId } from '#core/protocol/ids.ts'
import type { Announcement } from './announcement.ts'
import type { Candidate } from './link-plan.ts'
import { backoffMs, MAX_CANDIDATES, type MeshLimits } from './limits.ts'

interface Entry extends Candidate {
  readonly heardMs: number
  readonly failures: number
}

/** The nodes that could be linked to: those that announced themselves lately, and those met in an earlier life. */
export class Candidates {
  readonly #limits: MeshLimits
  /** In order of being heard, so that the first is the one to forget. */
  readonly #entries = new Map<NodeId, Entry>()

  constructor(limits: MeshLimits, known: readonly NodeId[], nowMs: number) {
    this.#limits = limits
    for (const node of known.slice(0, MAX_CANDIDATES)) {
      this.#entries.set(node, {
        node,
        announced: false,
        // Assumed, so that a returning tab dials at once; a wrong guess costs one refused request at the relay.
        listening: true,
        links: limits.targetLinks,
        firstHeardMs: nowMs,
        heardMs: nowMs,
        retryAtMs: 0,
        failures: 0,
      })
    }
  }

  get size(): number {
    return this.#entries.size
  }

  get(node: NodeId): Candidate | undefined {
    return this.#entries.get(node)
  }

  [Symbol.iterator](): IterableIterator<Candidate> {
    return this.#entries.values()
  }

  /** False where it was known, and says nothing new of itself. */
  hear({ node, listening, links }: Announcement, nowMs: number): boolean {
    const before = this.#entries.get(node)
    this.#entries.delete(node)
    this.#entries.set(node, {
      node,
      announced: true,
      listening,
      links,
      firstHeardMs: before?.firstHeardMs ?? nowMs,
      heardMs: nowMs,
      // A node that was not listening when it was dialled may be dialled the moment that it is.
      retryAtMs: before && (before.listening || !listening) ? before.retryAtMs : 0,
      failures: before?.failures ?? 0,
    })
    const [oldest] = this.#entries.keys()
    if (this.#entries.size > MAX_CANDIDATES && oldest !== undefined) this.#entries.delete(oldest)
    return !before?.announced || before.listening !== listening || before.links !== links
  }

  dialled(node: NodeId): void {
    this.#change(node, () => ({ failures: 0, retryAtMs: 0 }))
  }

  dialFailed(node: NodeId, nowMs: number): void {
    this.#change(node, ({ failures }) => ({
      failures: failures + 1,
      retryAtMs: nowMs + backoffMs(this.#limits, failures + 1),
    }))
  }

  /** After a link was closed on purpose: no need to build it again soon. */
  rest(node: NodeId, nowMs: number): void {
    this.#change(node, () => ({ retryAtMs: nowMs + 2 * this.#limits.maxBackoffMs }))
  }

  /** The relay is back, or the machine woke up: earlier failures say nothing any more. */
  forgive(): void {
    for (const node of this.#entries.keys()) this.#change(node, () => ({ failures: 0, retryAtMs: 0 }))
  }

  /** How often each node announces itself: about once a second in all, however many nodes there are. */
  get announceMs(): number {
    return Math.max(this.#limits.announceMs, this.#entries.size * 1000)
  }

  /** Forgets who has been silent for three announcements, except where `keep` says that it is there. Returns how many. */
  expire(nowMs: number, keep: (node: NodeId) => boolean): number {
    const limitMs = nowMs - 3 * this.announceMs
    const before = this.#entries.size
    for (const [node, { heardMs }] of this.#entries) {
      if (heardMs < limitMs && !keep(node)) this.#entries.delete(node)
    }
    return before - this.#entries.size
  }

  #change(node: NodeId, change: (entry: Entry) => Partial<Entry>): void {
    const entry = this.#entries.get(node)
    if (entry) this.#entries.set(node, { ...entry, ...change(entry) })
  }
}
