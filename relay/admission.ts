import type { RelayLimits } from './config.ts'

/** Why a client may not connect now. `full`: the relay; the other two: its address. */
export type Refusal = 'full' | 'address-connections' | 'address-rate'

export type Admission = { readonly release: () => void } | { readonly refusal: Refusal; readonly retryAfterS: number }

interface Account {
  open: number
  /** New connections still allowed, refilled with time up to a minute's worth. */
  tokens: number
  refilledAtMs: number
}

/**
 * Counts connections by client address.
 *
 * Invariants: 1. `open` equals the admissions not yet released; 2. an account without open connections and with a
 * full bucket is forgotten, so that memory follows the clients of the last minute.
 */
export class AddressAdmission {
  readonly #limits: Pick<RelayLimits, 'maxConnections' | 'connectionsPerAddress' | 'newConnectionsPerMinute'>
  readonly #now: () => number
  readonly #accounts = new Map<string, Account>()
  #open = 0
  #sweptAtMs: number

  constructor(
    limits: Pick<RelayLimits, 'maxConnections' | 'connectionsPerAddress' | 'newConnectionsPerMinute'>,
    now: () => number = () => performance.now(),
  ) {
    this.#limits = limits
    this.#now = now
    this.#sweptAtMs = now()
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open
  }

  /** Addresses remembered now. */
  get size(): number {
    return this.#accounts.size
  }

  admit(address: string): Admission {
    this.#sweep()
    const account = this.#account(address)
    if (this.#open >= this.#limits.maxConnections) return { refusal: 'full', retryAfterS: 30 }
    if (account.open >= this.#limits.connectionsPerAddress) return { refusal: 'address-connections', retryAfterS: 30 }
    if (account.tokens < 1) {
      return { refusal: 'address-rate', retryAfterS: Math.ceil(60 / this.#limits.newConnectionsPerMinute) }
    }
    account.tokens -= 1
    account.open += 1
    this.#open += 1
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        account.open -= 1
        this.#open -= 1
      },
    }
  }

  #account(address: string): Account {
    const nowMs = this.#now()
    const account = this.#accounts.get(address) ?? {
      open: 0,
      tokens: this.#limits.newConnectionsPerMinute,
      refilledAtMs: nowMs,
    }
    this.#refill(account, nowMs)
    this.#accounts.set(address, account)
    return account
  }

  #refill(account: Account, nowMs: number): void {
    const perMinute = this.#limits.newConnectionsPerMinute
    const refill = ((nowMs - account.refilledAtMs) / 60_000) * perMinute
    account.tokens = Math.min(perMinute, account.tokens + refill)
    account.refilledAtMs = nowMs
  }

  #sweep(): void {
    const nowMs = this.#now()
    if (nowMs - this.#sweptAtMs < 60_000) return
    this.#sweptAtMs = nowMs
    for (const [address, account] of this.#accounts) {
      this.#refill(account, nowMs)
      if (account.open === 0 && account.tokens >= this.#limits.newConnectionsPerMinute) this.#accounts.delete(address)
    }
  }
}
