import type { Connection, PeerId } from '@libp2p/interface'
import { multiaddr } from '@multiformats/multiaddr'
import type { NodeId } from '#core/protocol/ids.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Link } from '#ports/mesh.ts'
import type { Candidates } from './candidates.ts'
import { planLinks } from './link-plan.ts'
import type { MeshLimits } from './limits.ts'
import type { SwarmLibp2p } from './node.ts'
import { nodeIdOf, peerIdOf } from './peer-identity.ts'

export interface LinkKeeperInit {
  readonly self: NodeId
  readonly libp2p: SwarmLibp2p
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: MeshLimits
  readonly candidates: Candidates
  /** False for a node that takes part through the relay only. */
  readonly direct: boolean
  /** The connected relay's address, or null. */
  readonly relayAddress: () => string | null
  readonly isRelay: (peerId: string) => boolean
  /** Peer ids that subscribe to the network's frames: a connection is a link once gossip flows over it. */
  readonly hearers: () => ReadonlySet<string>
  readonly onChange: () => void
}

/** How long a relayed connection stays after the direct one it helped to make: the other side may still be using it. */
const CIRCUIT_LINGER_MS = 5_000

/** Two nodes that dial each other at the same time make two connections within this time. A reload takes longer. */
const SIMULTANEOUS_MS = 2_000

/**
 * Makes, measures and closes the connections to other nodes, following `planLinks`.
 *
 * Invariant: a node's direct connections stand and fall together. gossipsub opens its stream once for a peer and does
 * not move it to another connection, so a peer that keeps a second connection after losing the first hears no gossip.
 */
export class LinkKeeper {
  readonly #init: LinkKeeperInit
  /** By when each dial began. */
  readonly #dialing = new Map<NodeId, number>()
  readonly #dials = new Map<NodeId, AbortController>()
  readonly #lingering = new Set<() => void>()
  readonly #superseded = new WeakSet<Connection>()
  #stopped: AbortController | null = null
  #cancelPlan: () => void = () => undefined

  constructor(init: LinkKeeperInit) {
    this.#init = init
  }

  start(): void {
    this.#stopped = new AbortController()
    const { libp2p } = this.#init
    libp2p.addEventListener('connection:open', this.#onOpen)
    libp2p.addEventListener('connection:close', this.#onClose)
  }

  stop(): void {
    const { libp2p } = this.#init
    libp2p.removeEventListener('connection:open', this.#onOpen)
    libp2p.removeEventListener('connection:close', this.#onClose)
    this.#stopped?.abort()
    this.#stopped = null
    this.#cancelPlan()
    for (const cancel of this.#lingering) cancel()
    this.#lingering.clear()
  }

  /** One direct connection a node, the first that works. */
  direct(): Map<NodeId, Connection> {
    const links = new Map<NodeId, Connection>()
    for (const connection of this.#init.libp2p.getConnections()) {
      const node = this.#nodeOf(connection)
      if (node && isDirect(connection) && connection.status === 'open' && !links.has(node)) links.set(node, connection)
    }
    return links
  }

  /**
   * Links to nodes, over which a frame published now goes: direct ones, and relayed ones while the relay listens. A
   * relayed link is to a node that is known to be there and cannot have a direct one: because it has none with
   * anybody, or because this node has none. Nodes that gossip reaches over other nodes' direct links are not links of
   * this node.
   */
  links(): Link[] {
    const { candidates, isRelay, relayAddress } = this.#init
    const hearers = this.#init.hearers()
    const links = new Map<NodeId, Link>()
    for (const [node, { rtt, remotePeer }] of this.direct()) {
      if (hearers.has(remotePeer.toString())) links.set(node, { node, kind: 'direct', roundTripMs: rtt ?? null })
    }
    const isAlone = links.size === 0
    if (!relayAddress() || ![...hearers].some(isRelay)) return [...links.values()]
    for (const { node, links: remoteLinks, announced } of candidates) {
      const needsRelay = isAlone || remoteLinks === 0
      if (announced && needsRelay && !links.has(node)) links.set(node, { node, kind: 'relayed', roundTripMs: null })
    }
    return [...links.values()]
  }

  /** Dials and closes what the plan says now. Called whenever anything it depends on has changed. */
  plan(): void {
    if (!this.#stopped || !this.#init.direct) return
    const { self, clock, limits, candidates, relayAddress } = this.#init
    this.#cancelPlan()
    const direct = this.direct()
    const relay = relayAddress()
    const plan = planLinks({
      self,
      nowMs: clock.now(),
      limits,
      direct: Array.from(direct, ([node, { rtt }]) => ({
        node,
        roundTripMs: rtt ?? null,
        remoteLinks: candidates.get(node)?.links ?? 0,
      })),
      dialing: this.#dialing,
      candidates: relay ? candidates : [],
    })
    for (const node of plan.close) {
      candidates.rest(node, clock.now())
      void this.#init.libp2p.hangUp(peerIdOf(node)).catch(() => undefined)
    }
    if (relay) for (const node of plan.dial) void this.#dial(node, relay)
    if (plan.nextAtMs !== null) this.#cancelPlan = clock.setTimer(plan.nextAtMs, () => this.plan())
  }

  /** Pings every direct link now, drops those that do not answer, and gives up dials that may wait on a dead network. */
  wake(): void {
    const { clock, limits } = this.#init
    for (const [node, startedMs] of this.#dialing) {
      if (clock.now() - startedMs > limits.slowDialMs) this.#dials.get(node)?.abort()
    }
    for (const connection of this.direct().values()) void this.#measure(connection, true)
  }

  async #dial(node: NodeId, relay: string): Promise<void> {
    const { libp2p, clock, logger, limits, candidates } = this.#init
    const signal = this.#stopped?.signal
    if (!signal) return
    const startedMs = clock.now()
    const stop = new AbortController()
    this.#dialing.set(node, startedMs)
    this.#dials.set(node, stop)
    try {
      const address = multiaddr(`${relay}/p2p-circuit/webrtc/p2p/${peerIdOf(node).toString()}`)
      const timeout = AbortSignal.timeout(limits.dialTimeoutMs)
      await libp2p.dial(address, { signal: AbortSignal.any([signal, stop.signal, timeout]) })
      candidates.dialled(node)
      logger.log('debug', 'link-dialled', { node, ms: Math.round(clock.now() - startedMs) })
    } catch (error) {
      if (signal.aborted) return
      candidates.dialFailed(node, clock.now())
      logger.count('link:dial-failed')
      logger.log('debug', 'link-dial-failed', { node, reason: (error as Error).name })
    } finally {
      this.#dialing.delete(node)
      this.#dials.delete(node)
    }
    this.plan()
  }

  readonly #onOpen = ({ detail: connection }: CustomEvent<Connection>) => {
    const node = this.#nodeOf(connection)
    if (!node || !isDirect(connection)) return
    this.#abortOlder(connection)
    void this.#measure(connection, false)
    this.#closeCircuitsLater(connection)
    this.#init.onChange()
  }

  readonly #onClose = ({ detail: connection }: CustomEvent<Connection>) => {
    if (!this.#nodeOf(connection) || !isDirect(connection)) return
    if (!this.#superseded.has(connection)) {
      for (const other of this.#directTo(connection.remotePeer)) other.abort(new Error('its twin was lost'))
    }
    this.#init.onChange()
  }

  /**
   * A node that links anew was reloaded: its earlier connection is dead, though it may take long to show. Only two
   * connections in opposite directions, made at the same time, are both alive.
   */
  #abortOlder(connection: Connection): void {
    for (const older of this.#directTo(connection.remotePeer)) {
      if (older === connection) continue
      const ageMs = connection.timeline.open - older.timeline.open
      if (older.direction !== connection.direction && ageMs < SIMULTANEOUS_MS) continue
      this.#superseded.add(older)
      older.abort(new Error('the node linked anew'))
    }
  }

  #directTo(peer: PeerId): Connection[] {
    return this.#init.libp2p.getConnections(peer).filter((each) => isDirect(each) && each.status === 'open')
  }

  async #measure(connection: Connection, dropSilent: boolean): Promise<void> {
    const { libp2p, limits } = this.#init
    const timeoutMs = dropSilent ? limits.pingTimeoutMs : limits.dialTimeoutMs
    try {
      connection.rtt = await libp2p.services.ping.ping(connection.remotePeer, {
        signal: AbortSignal.timeout(timeoutMs),
      })
      this.#init.onChange()
    } catch (error) {
      if (dropSilent) connection.abort(error as Error)
    }
  }

  #closeCircuitsLater(direct: Connection): void {
    const { libp2p, clock } = this.#init
    const cancel = clock.setTimer(clock.now() + CIRCUIT_LINGER_MS, () => {
      this.#lingering.delete(cancel)
      if (direct.status !== 'open') return
      for (const connection of libp2p.getConnections(direct.remotePeer)) {
        if (!isDirect(connection)) void connection.close().catch(() => undefined)
      }
    })
    this.#lingering.add(cancel)
  }

  /** Null for the relay, which is nobody's link. */
  #nodeOf({ remotePeer }: Connection): NodeId | null {
    return this.#init.isRelay(remotePeer.toString()) ? null : nodeIdOf(remotePeer)
  }
}

function isDirect({ limits, direct }: Connection): boolean {
  return limits === undefined && direct
}
