import { generateKeyPairFromSeed } from '@libp2p/crypto/keys'
import type { Connection, Stream } from '@libp2p/interface'
import { TopicValidatorResult, type Message, type SubscriptionChangeData } from '@chainsafe/libp2p-gossipsub'
import { multiaddr } from '@multiformats/multiaddr'
import type { NodeId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import {
  FrameTooLargeError,
  UnreachableError,
  type Acceptance,
  type FrameStream,
  type Mesh,
  type MeshState,
} from '#ports/mesh.ts'
import { Announcer } from './announcer.ts'
import { Candidates } from './candidates.ts'
import { createFrameStream } from './frame-stream.ts'
import { topicsOf } from './gossip.ts'
import { DEFAULT_LIMITS, type MeshLimits } from './limits.ts'
import { LinkKeeper } from './link-keeper.ts'
import { MuteLinks } from './mute-links.ts'
import { createNode, type DirectTransport, type SwarmLibp2p } from './node.ts'
import { nodeIdFromBytes, nodeIdOf, peerIdOf } from './peer-identity.ts'
import { RelayAddresses, RelayLink } from './relay-link.ts'

export interface Libp2pMeshInit {
  /** Shape: 32 bytes, the seed of an Ed25519 key (RFC 8032). */
  readonly privateKey: Uint8Array
  readonly network: string
  /** Multiaddrs of WebSocket relays, each ending in its peer id. */
  readonly relays: readonly string[]
  /** Asked for the relays' addresses anew after a relay could not be reached under its old one. */
  readonly refreshRelays?: () => Promise<readonly string[]>
  readonly iceServers: readonly RTCIceServer[]
  /** Nodes met earlier, the likeliest first: dialled without waiting to be discovered. */
  readonly knownPeers?: readonly NodeId[]
  /** False for a node that makes and takes no WebRTC connections and so takes part through the relay. */
  readonly direct?: boolean
  /** Stands in for WebRTC where a process has none. */
  readonly directTransport?: DirectTransport
  readonly logger: Logger
  readonly clock: Clock
  readonly limits?: Partial<MeshLimits>
}

/** The mesh of a browser tab or a Node process. Not started. */
export async function createLibp2pMesh(init: Libp2pMeshInit): Promise<Mesh> {
  const privateKey = await generateKeyPairFromSeed('Ed25519', init.privateKey)
  const relays = new RelayAddresses(init.relays, init.refreshRelays)
  const limits = { ...DEFAULT_LIMITS, ...init.limits }
  const direct = init.direct ?? true
  const libp2p = await createNode({
    privateKey,
    network: init.network,
    iceServers: init.iceServers,
    direct,
    ...(init.directTransport ? { directTransport: init.directTransport } : {}),
    mayDial: (address) => relays.covers(address),
    limits,
  })
  return new Libp2pMesh(nodeIdFromBytes(privateKey.publicKey.raw), libp2p, relays, { ...init, direct, limits })
}

type Validate = Parameters<Mesh['subscribe']>[0]
type Deliver = Parameters<Mesh['subscribe']>[1]

const VERDICTS: Readonly<Record<Acceptance, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

/** Inbound streams of one protocol from one node at a time. */
const MAX_INBOUND_STREAMS = 16
const OPEN_TIMEOUT_MS = 15_000

class Libp2pMesh implements Mesh {
  readonly self: NodeId
  readonly #libp2p: SwarmLibp2p
  readonly #relays: RelayAddresses
  readonly #relay: RelayLink
  readonly #keeper: LinkKeeper
  readonly #announcer: Announcer
  readonly #muteLinks: MuteLinks
  readonly #candidates: Candidates
  readonly #topics: ReturnType<typeof topicsOf>
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #limits: MeshLimits
  readonly #listeners = new Set<(state: MeshState) => void>()
  #state: MeshState = { phase: 'offline', relay: 'lost', links: [] }
  #running = false
  #startedMs = 0
  #announced = { listening: false, links: 0 }
  #validate: Validate = async () => 'ignore'
  #deliver: Deliver = () => undefined

  constructor(
    self: NodeId,
    libp2p: SwarmLibp2p,
    relays: RelayAddresses,
    init: Libp2pMeshInit & { readonly direct: boolean; readonly limits: MeshLimits },
  ) {
    const { clock, logger, limits } = init
    this.self = self
    this.#libp2p = libp2p
    this.#relays = relays
    this.#topics = topicsOf(init.network)
    this.#logger = logger
    this.#clock = clock
    this.#limits = limits
    this.#candidates = new Candidates(
      limits,
      (init.knownPeers ?? []).filter((node) => node !== self),
      clock.now(),
    )
    this.#relay = new RelayLink({ libp2p, clock, logger, limits, relays, onChange: () => this.#onRelayChange() })
    this.#keeper = new LinkKeeper({
      self,
      libp2p,
      clock,
      logger,
      limits,
      candidates: this.#candidates,
      direct: init.direct,
      relayAddress: () => this.#relay.address,
      isRelay: (peerId) => relays.isRelay(peerId),
      hearers: () => new Set(libp2p.services.gossip.getSubscribers(this.#topics.frames).map(String)),
      onChange: () => this.#onLinkChange(),
    })
    this.#muteLinks = new MuteLinks({ libp2p, clock, logger, limits })
    this.#announcer = new Announcer({
      self,
      gossip: libp2p.services.gossip,
      topic: this.#topics.discovery,
      clock,
      candidates: this.#candidates,
      describe: () => this.#describe(),
      onHeard: (isNews) => this.#onHeard(isNews),
    })
  }

  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.#running) return
    this.#running = true
    this.#startedMs = this.#clock.now()
    const { gossip } = this.#libp2p.services
    gossip.topicValidators.set(this.#topics.frames, async (peer, { data }) =>
      this.#forgiveRelay(peer.toString(), await this.#accept(data, nodeIdOf(peer))),
    )
    gossip.topicValidators.set(this.#topics.discovery, (peer, { data }) =>
      this.#forgiveRelay(peer.toString(), this.#announcer.hear(data) ? 'accept' : 'reject'),
    )
    gossip.addEventListener('message', this.#onMessage)
    gossip.addEventListener('subscription-change', this.#onSubscription)
    await this.#libp2p.start()
    gossip.subscribe(this.#topics.frames)
    this.#announcer.start()
    this.#keeper.start()
    this.#relay.start()
    this.#muteLinks.start()
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    this.#muteLinks.stop()
    const { gossip } = this.#libp2p.services
    gossip.removeEventListener('message', this.#onMessage)
    gossip.removeEventListener('subscription-change', this.#onSubscription)
    this.#announcer.stop()
    this.#keeper.stop()
    this.#relay.stop()
    await this.#libp2p.stop()
    this.#update()
  }

  state(): MeshState {
    return this.#state
  }

  onStateChange(listener: (state: MeshState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  subscribe(validate: Validate, deliver: Deliver): void {
    this.#validate = validate
    this.#deliver = deliver
  }

  async publish(frame: Uint8Array): Promise<number> {
    if (frame.byteLength > MAX_FRAME_BYTES) throw new FrameTooLargeError(`${frame.byteLength} bytes`)
    if (!this.#running) return 0
    const { recipients } = await this.#libp2p.services.gossip.publish(this.#topics.frames, frame)
    return recipients.length
  }

  handle(protocol: string, maxFrameBytes: number, handler: (stream: FrameStream) => Promise<void>): void {
    const onStream = async (stream: Stream, connection: Connection) => {
      const remote = nodeIdOf(connection.remotePeer)
      if (!remote) {
        stream.abort(new UnreachableError('the remote has no Ed25519 key'))
        return
      }
      const frames = this.#frameStream(stream, remote, maxFrameBytes)
      try {
        await handler(frames)
      } catch (error) {
        frames.abort(error as Error)
        this.#logger.log('debug', 'stream-failed', { protocol, reason: (error as Error).name })
      }
    }
    const options = { maxInboundStreams: MAX_INBOUND_STREAMS, runOnLimitedConnection: true }
    void this.#libp2p.handle(protocol, onStream, options)
  }

  async open(node: NodeId, protocol: string, maxFrameBytes: number, signal?: AbortSignal): Promise<FrameStream> {
    signal?.throwIfAborted()
    const timeout = AbortSignal.timeout(OPEN_TIMEOUT_MS)
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout
    try {
      const connection = this.#keeper.direct().get(node) ?? (await this.#reachOverRelay(node, either))
      const stream = await connection.newStream(protocol, { signal: either, runOnLimitedConnection: true })
      return this.#frameStream(stream, node, maxFrameBytes)
    } catch (error) {
      signal?.throwIfAborted()
      throw new UnreachableError(`no stream for ${protocol} to ${node}`, { cause: error })
    }
  }

  wake(): void {
    if (!this.#running) return
    this.#candidates.forgive()
    this.#relay.wake()
    this.#keeper.wake()
    this.#announcer.ask()
    this.#keeper.plan()
  }

  #frameStream(stream: Stream, remote: NodeId, maxFrameBytes: number): FrameStream {
    return createFrameStream({ stream, remote, maxFrameBytes, idleMs: this.#limits.idleStreamMs, clock: this.#clock })
  }

  /** A relayed connection, encrypted end to end, for a node without a direct one. */
  async #reachOverRelay(node: NodeId, signal: AbortSignal): Promise<Connection> {
    const peer = peerIdOf(node)
    const existing = this.#libp2p.getConnections(peer).find(({ status }) => status === 'open')
    if (existing) return existing
    if (!this.#relay.address) throw new UnreachableError('no direct link, and no relay')
    return this.#libp2p.dial(multiaddr(`${this.#relay.address}/p2p-circuit/p2p/${peer.toString()}`), { signal })
  }

  async #accept(frame: Uint8Array, forwarder: NodeId | null): Promise<Acceptance> {
    if (frame.byteLength > MAX_FRAME_BYTES) {
      this.#logger.count('dropped:oversized')
      return 'reject'
    }
    return forwarder ? this.#validate(frame, forwarder) : 'ignore'
  }

  /** The relay passes on what it cannot judge. Blaming it would let one liar cut everybody off from it. */
  #forgiveRelay(peerId: string, acceptance: Acceptance): TopicValidatorResult {
    const word = acceptance === 'reject' && this.#relays.isRelay(peerId) ? 'ignore' : acceptance
    return VERDICTS[word]
  }

  readonly #onMessage = ({ detail: { topic, data } }: CustomEvent<Message>) => {
    if (topic === this.#topics.frames) this.#deliver(data)
  }

  readonly #onSubscription = ({ detail: { peerId, subscriptions } }: CustomEvent<SubscriptionChangeData>) => {
    this.#update()
    const hears = subscriptions.some(({ topic, subscribe }) => subscribe && topic === this.#topics.discovery)
    if (!hears) return
    this.#mark('gossip-peer', { relay: this.#relays.isRelay(peerId.toString()) })
    // Through the relay this node comes within earshot of the network; a new direct link only shortens the way.
    if (this.#relays.isRelay(peerId.toString())) this.#announcer.ask()
  }

  #onRelayChange(): void {
    if (!this.#running) return
    this.#mark('relay', { state: this.#relay.state, reserved: this.#relay.reserved })
    if (this.#relay.state === 'connected') this.#candidates.forgive()
    this.#announceIfChanged()
    this.#update()
    this.#keeper.plan()
  }

  #onLinkChange(): void {
    if (!this.#running) return
    this.#announceIfChanged()
    this.#update()
    this.#keeper.plan()
  }

  #onHeard(isNews: boolean): void {
    const direct = this.#keeper.direct()
    const expired = this.#candidates.expire(this.#clock.now(), (node) => direct.has(node))
    // In a large network most of what is heard has been heard before.
    if (!isNews && expired === 0) return
    this.#update()
    this.#keeper.plan()
  }

  #describe(): { listening: boolean; links: number } {
    this.#announced = { listening: this.#relay.reserved, links: this.#keeper.direct().size }
    return this.#announced
  }

  /** The others need to know when this node can be dialled, and whether it has a direct link and wants more. */
  #announceIfChanged(): void {
    const links = this.#keeper.direct().size
    const { targetLinks } = this.#limits
    const before = this.#announced
    const crossed = (before.links === 0) !== (links === 0) || before.links < targetLinks !== links < targetLinks
    if (before.listening !== this.#relay.reserved || crossed) this.#announcer.announceSoon()
  }

  #update(): void {
    const before = this.#state
    const relay = this.#running ? this.#relay.state : 'lost'
    const links = this.#running ? this.#keeper.links() : []
    const connected = relay === 'connected' || links.length > 0
    const phase = !this.#running ? 'offline' : connected ? 'connected' : 'connecting'
    if (before.phase === phase && before.relay === relay && sameLinks(before.links, links)) return
    if (before.links.length !== links.length) {
      this.#mark('links', { direct: links.filter(({ kind }) => kind === 'direct').length, all: links.length })
    }
    this.#state = { phase, relay, links }
    for (const listener of this.#listeners) listener(this.#state)
  }

  #mark(event: string, fields: Record<string, string | number | boolean>): void {
    this.#logger.log('debug', `mesh:${event}`, { ms: Math.round(this.#clock.now() - this.#startedMs), ...fields })
  }
}

function sameLinks(a: MeshState['links'], b: MeshState['links']): boolean {
  if (a.length !== b.length) return false
  return a.every((link, index) => {
    const other = b[index]
    return link.node === other?.node && link.kind === other.kind && link.roundTripMs === other.roundTripMs
  })
}
