/** A rejected frame counts half after this. */
const HALF_LIFE_MS = 30_000

/**
 * What rejected frames cost a client in gossip: the square of their number, as gossipsub's own penalty has it. That
 * one is set up by topic, before start; here topics come and go. At 10 a client hears no more gossip, at 80 the relay
 * reads none of its own (gossipsub's default thresholds): the fourth rejected frame, and the ninth.
 */
export class Standing {
  readonly #now: () => number
  readonly #rejected = new Map<string, { count: number; atMs: number }>()

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  rejected(client: string): void {
    this.#rejected.set(client, { count: this.#count(client) + 1, atMs: this.#now() })
  }

  /** Zero or less. */
  scoreOf(client: string): number {
    return -(this.#count(client) ** 2)
  }

  /** Whoever comes back under the same name begins anew, at the price of a new connection. */
  forget(client: string): void {
    this.#rejected.delete(client)
  }

  #count(client: string): number {
    const entry = this.#rejected.get(client)
    return entry ? entry.count * 2 ** ((entry.atMs - this.#now()) / HALF_LIFE_MS) : 0
  }
}
