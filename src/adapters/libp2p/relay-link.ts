import type { Connection, Listener } from '@libp2p/interface'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { MeshState } from '#ports/mesh.ts'
import { backoffMs, type MeshLimits } from './limits.ts'
import type { SwarmLibp2p } from './node.ts'

export interface RelayLinkInit {
  readonly libp2p: SwarmLibp2p
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: MeshLimits
  readonly relays: RelayAddresses
  /** Called when the connection or the reservation changed. */
  readonly onChange: () => void
}

/** The addresses of the relays, as last heard. Shape: multiaddrs that end in the relay's peer id. */
export class RelayAddresses {
  #addresses: readonly string[]
  readonly #refresh: (() => Promise<readonly string[]>) | null

  constructor(addresses: readonly string[], refresh: (() => Promise<readonly string[]>) | undefined) {
    this.#addresses = addresses
    this.#refresh = refresh ?? null
  }

  get all(): readonly string[] {
    return this.#addresses
  }

  /** Whether the address is a relay's own, or that of a node behind one. */
  covers(address: Multiaddr): boolean {
    const text = `${address.toString()}/`
    return this.#addresses.some((relay) => text.startsWith(`${relay}/`) || text === `${withoutPeerId(relay)}/`)
  }

  isRelay(peerId: string): boolean {
    return this.#addresses.some((relay) => relay.endsWith(`/p2p/${peerId}`))
  }

  /** A relay that came back may have another key; who serves the page knows. Keeps what it has where that fails. */
  async refresh(): Promise<void> {
    if (!this.#refresh) return
    const addresses = await this.#refresh().catch(() => [])
    if (addresses.length > 0) this.#addresses = addresses
  }
}

function withoutPeerId(address: string): string {
  return address.replace(/\/p2p\/[^/]+$/, '')
}

/**
 * Keeps one connection to a relay, and a reservation on it, for as long as it runs.
 *
 * Invariant: while it runs it is connected, or an attempt is under way, or a timer for the next one is set.
 */
export class RelayLink {
  readonly #init: RelayLinkInit
  #connection: Connection | null = null
  #address: string | null = null
  #reserved = false
  #listeners: Listener[] = []
  #failures = 0
  #state: MeshState['relay'] = 'lost'
  #stopped: AbortController | null = null
  /** The attempt under way, and when it began. */
  #attempting: { readonly startedMs: number; readonly stop: AbortController } | null = null
  #cancelRetry: () => void = () => undefined

  constructor(init: RelayLinkInit) {
    this.#init = init
  }

  get state(): MeshState['relay'] {
    return this.#state
  }

  /** The address of the relay that is connected now. */
  get address(): string | null {
    return this.#state === 'connected' ? this.#address : null
  }

  /** Whether other nodes can reach this one through the relay. */
  get reserved(): boolean {
    return this.#reserved
  }

  start(): void {
    this.#stopped = new AbortController()
    void this.#attempt()
  }

  stop(): void {
    this.#stopped?.abort()
    this.#stopped = null
    this.#cancelRetry()
    this.#state = 'lost'
    this.#reserved = false
  }

  /** Tests the connection now, or tries again now. An attempt of before may be waiting on a network that is gone. */
  wake(): void {
    const { clock, limits } = this.#init
    this.#failures = 0
    if (this.#connection) void this.#test(this.#connection)
    else if (!this.#attempting) void this.#attempt()
    else if (clock.now() - this.#attempting.startedMs > limits.pingTimeoutMs) this.#attempting.stop.abort()
  }

  async #test(connection: Connection): Promise<void> {
    const { libp2p, limits } = this.#init
    try {
      await libp2p.services.ping.ping(connection.remotePeer, { signal: AbortSignal.timeout(limits.pingTimeoutMs) })
    } catch (error) {
      connection.abort(error as Error)
    }
  }

  async #attempt(): Promise<void> {
    const stopped = this.#stopped?.signal
    if (!stopped || this.#attempting) return
    const stop = new AbortController()
    const signal = AbortSignal.any([stopped, stop.signal])
    this.#attempting = { startedMs: this.#init.clock.now(), stop }
    this.#cancelRetry()
    this.#become('connecting')
    try {
      if (!this.#connection) await this.#connect(signal)
      await this.#reserve()
      this.#failures = 0
    } catch (error) {
      if (stopped.aborted) return
      this.#failures++
      this.#init.logger.count('relay:failed')
      this.#init.logger.log('debug', 'relay-failed', { reason: (error as Error).name, failures: this.#failures })
      if (!this.#connection) this.#become('lost')
      this.#retryLater()
    } finally {
      this.#attempting = null
    }
  }

  /** To the first relay that answers. Throws the last one's error. */
  async #connect(signal: AbortSignal): Promise<void> {
    const { libp2p, limits, relays } = this.#init
    if (this.#failures > 0) await relays.refresh()
    let lastError: unknown = new Error('no relay is known')
    for (const address of relays.all) {
      try {
        const timeout = AbortSignal.timeout(limits.dialTimeoutMs)
        const connection = await libp2p.dial(multiaddr(address), { signal: AbortSignal.any([signal, timeout]) })
        this.#adopt(connection, address)
        return
      } catch (error) {
        lastError = error
      }
    }
    throw lastError
  }

  #adopt(connection: Connection, address: string): void {
    this.#connection = connection
    this.#address = address
    connection.addEventListener('close', () => {
      if (this.#connection !== connection) return
      this.#connection = null
      this.#reserved = false
      if (!this.#stopped) return
      this.#become('lost')
      this.#retryLater()
    })
    this.#become('connected')
  }

  async #reserve(): Promise<void> {
    const { libp2p } = this.#init
    const listening = libp2p.services.listening
    // A listener left over from an earlier connection would keep announcing addresses that no longer hold.
    await Promise.all(this.#listeners.map((listener) => listener.close()))
    const others = new Set(listening.getListeners())
    try {
      // Throws UnsupportedListenAddressesError, for example while the relay has no room.
      await listening.listen([multiaddr(`${this.#address}/p2p-circuit`)])
    } finally {
      this.#listeners = listening.getListeners().filter((listener) => !others.has(listener))
    }
    if (!this.#connection) throw new Error('the relay was lost while reserving')
    this.#reserved = true
    this.#become('connected')
  }

  #retryLater(): void {
    const { clock, limits } = this.#init
    this.#cancelRetry()
    const waitMs = backoffMs(limits, this.#failures)
    this.#cancelRetry = clock.setTimer(clock.now() + waitMs, () => void this.#attempt())
  }

  #become(state: MeshState['relay']): void {
    this.#state = this.#connection && state === 'connecting' ? 'connected' : state
    this.#init.onChange()
  }
}
