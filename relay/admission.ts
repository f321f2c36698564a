import type { RelayLimits } from './config.ts'
import { RateLimit } from './rate-limit.ts'

/** Why a client may not connect now. `full`: the relay; the other two: its address. */
export type Refusal = 'full' | 'address-connections' | 'address-rate'

export type Admission = { readonly release: () => void } | { readonly refusal: Refusal; readonly retryAfterS: number }

/**
 * Counts connections by client address.
 *
 * Invariants: 1. `open` equals the admissions not yet released; 2. an address without open connections is forgotten
 * once its rate allows a minute's worth again, so that memory follows the clients of the last minute.
 */
export class AddressAdmission {
  readonly #limits: Pick<RelayLimits, 'maxConnections' | 'connectionsPerAddress'>
  readonly #rate: RateLimit
  readonly #openByAddress = new Map<string, number>()
  #open = 0

  constructor(
    limits: Pick<RelayLimits, 'maxConnections' | 'connectionsPerAddress' | 'newConnectionsPerMinute'>,
    now?: () => number,
  ) {
    this.#limits = limits
    this.#rate = new RateLimit(limits.newConnectionsPerMinute, now)
  }

  /** Connections that are open now. */
  get open(): number {
    return this.#open
  }

  /** Addresses remembered now. */
  get size(): number {
    return new Set([...this.#openByAddress.keys(), ...this.#rate.addresses]).size
  }

  admit(address: string): Admission {
    const open = this.#openByAddress.get(address) ?? 0
    if (this.#open >= this.#limits.maxConnections) return { refusal: 'full', retryAfterS: 30 }
    if (open >= this.#limits.connectionsPerAddress) return { refusal: 'address-connections', retryAfterS: 30 }
    const refusal = this.#rate.take(address)
    if (refusal) return { refusal: 'address-rate', retryAfterS: refusal.retryAfterS }
    this.#count(address, 1)
    let released = false
    return {
      release: () => {
        if (released) return
        released = true
        this.#count(address, -1)
      },
    }
  }

  #count(address: string, change: 1 | -1): void {
    this.#open += change
    const open = (this.#openByAddress.get(address) ?? 0) + change
    if (open > 0) this.#openByAddress.set(address, open)
    else this.#openByAddress.delete(address)
  }
}
