const MINUTE_MS = 60_000

/** Sums of fractions may come out a hair too large. */
const ROUNDING_MS = 1

/** Said to a client that comes too often. */
export interface RateRefusal {
  readonly retryAfterS: number
  /** Since its last admission. A flood is worth one line of the log, not one each. */
  readonly isFirst: boolean
}

interface Account {
  /** When everything that was taken will have flowed back. */
  restedAtMs: number
  refused: boolean
}

/**
 * So many a minute by client address, all of them at once if need be (the generic cell rate algorithm).
 *
 * Invariant: an address that has rested is forgotten, so that memory follows the clients of the last two minutes.
 */
export class RateLimit {
  /** Each thing taken costs this much rest. */
  readonly #costMs: number
  readonly #now: () => number
  readonly #accounts = new Map<string, Account>()
  #sweptAtMs: number

  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.#costMs = MINUTE_MS / perMinute
    this.#now = now
    this.#sweptAtMs = now()
  }

  /** Addresses remembered now. */
  get addresses(): Iterable<string> {
    return this.#accounts.keys()
  }

  /** Null when the address may go on. A refusal uses nothing up. */
  take(address: string): RateRefusal | null {
    const nowMs = this.#now()
    this.#sweep(nowMs)
    const account = this.#accounts.get(address) ?? { restedAtMs: nowMs, refused: false }
    this.#accounts.set(address, account)
    const restedAtMs = Math.max(account.restedAtMs, nowMs) + this.#costMs
    const excessMs = restedAtMs - nowMs - MINUTE_MS
    if (excessMs > ROUNDING_MS) {
      const isFirst = !account.refused
      account.refused = true
      return { retryAfterS: Math.ceil(excessMs / 1000), isFirst }
    }
    account.restedAtMs = restedAtMs
    account.refused = false
    return null
  }

  #sweep(nowMs: number): void {
    if (nowMs - this.#sweptAtMs < MINUTE_MS) return
    this.#sweptAtMs = nowMs
    for (const [address, { restedAtMs }] of this.#accounts) if (restedAtMs <= nowMs) this.#accounts.delete(address)
  }
}
