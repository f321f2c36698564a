import { gossipsub, TopicValidatorResult, type GossipSub } from '@chainsafe/libp2p-gossipsub'
import { circuitRelayServer, type CircuitRelayService } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Metrics, PeerId, PrivateKey } from '@libp2p/interface'
import { noise } from '@libp2p/noise'
import { ping } from '@libp2p/ping'
import { webSockets } from '@libp2p/websockets'
import { yamux } from '@libp2p/yamux'
import { multiaddr, type Multiaddr } from '@multiformats/multiaddr'
import { sha256 } from '@noble/hashes/sha2.js'
import { createLibp2p, type Libp2p } from 'libp2p'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { RelayLimits } from './config.ts'
import { Networks, type Finding, type FrameKind, type Judgement } from './networks.ts'
import { Standing } from './standing.ts'

/** Slow machines need this long for a handshake when a classroom opens the page at once. */
const HANDSHAKE_TIMEOUT_MS = 30_000

const RESULTS: Readonly<Record<Judgement, TopicValidatorResult>> = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
}

export interface RelayNodeInit {
  readonly privateKey: PrivateKey
  readonly network: string
  readonly limits: RelayLimits
  /** Public addresses, read whenever a client asks. */
  readonly announced: () => readonly string[]
  readonly metrics: () => Metrics
  readonly onGossip: (kind: FrameKind, finding: Finding) => void
}

export interface RelayNode {
  readonly peerId: PeerId
  /** Loopback port of the libp2p WebSocket. */
  readonly port: number
  reservations(): number
  networks(): number
  stop(): Promise<void>
}

interface ListenerService {
  addresses(): Multiaddr[]
}

type RelayServices = {
  pubsub: GossipSub
  relay: CircuitRelayService
  listener: ListenerService
}

/** Starts libp2p: circuit relay, and gossip for tabs that have no direct link. */
export async function startRelayNode(init: RelayNodeInit): Promise<RelayNode> {
  const standing = new Standing()
  const node: Libp2p<RelayServices> = await createLibp2p({
    privateKey: init.privateKey,
    start: false,
    metrics: init.metrics,
    addresses: {
      listen: ['/ip4/127.0.0.1/tcp/0/ws'],
      announceFilter: () => init.announced().map((address) => multiaddr(address)),
    },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionManager: {
      maxConnections: init.limits.maxConnections,
      // Every client comes from loopback here; limits by address are the bridge's.
      inboundConnectionThreshold: Infinity,
      maxIncomingPendingConnections: 1024,
      inboundUpgradeTimeout: HANDSHAKE_TIMEOUT_MS,
    },
    // A tab on a busy machine may take long to answer a ping; by default it would be cut off after 5 s.
    connectionMonitor: { pingTimeout: { minTimeout: 30_000 } },
    services: {
      identify: identify(),
      ping: ping({ maxInboundStreams: 8, maxOutboundStreams: 8 }),
      relay: circuitRelayServer({
        reservations: {
          maxReservations: init.limits.maxReservations,
          reservationTtl: init.limits.reservationMinutes * 60_000,
          defaultDurationLimit: init.limits.relayedMinutes * 60_000,
          defaultDataLimit: BigInt(init.limits.relayedMebibytes) * 1024n * 1024n,
        },
      }),
      pubsub: gossipsub({
        // Envelopes carry their own signature, and their hash is their name.
        globalSignaturePolicy: 'StrictNoSign',
        msgIdFn: (message) => sha256(message.data),
        allowPublishToZeroTopicPeers: true,
        emitSelf: false,
        maxInboundDataLength: 4 * MAX_FRAME_BYTES,
        maxOutboundBufferSize: 32 * MAX_FRAME_BYTES,
        maxTopicBytesPerPeer: 16 * 1024,
        // A new tab's only neighbour at first is the relay: keep more of them than a tab would.
        D: 12,
        Dlo: 8,
        Dhi: 32,
        // All clients share loopback's address, as a classroom shares its router's.
        scoreParams: {
          IPColocationFactorWeight: 0,
          appSpecificScore: (client) => standing.scoreOf(client),
          appSpecificWeight: 1,
        },
        // A tab that loses its links must be able to graft the relay again soon.
        pruneBackoff: 10_000,
      }),
      listener: (components: { transportManager: { getAddrs(): Multiaddr[] } }): ListenerService => ({
        addresses: () => components.transportManager.getAddrs(),
      }),
    },
  })
  const { pubsub, relay, listener } = node.services
  await node.start()

  const networks = new Networks(
    init.network,
    init.limits.maxNetworks,
    {
      open(topic, judge) {
        pubsub.topicValidators.set(topic, (peer, message) => {
          const judgement = judge(message.data)
          if (judgement === 'reject') standing.rejected(peer.toString())
          return RESULTS[judgement]
        })
        pubsub.subscribe(topic)
      },
      close(topic) {
        pubsub.unsubscribe(topic)
        pubsub.topicValidators.delete(topic)
      },
    },
    init.onGossip,
  )
  pubsub.addEventListener('subscription-change', ({ detail: { peerId, subscriptions } }) => {
    for (const { topic, subscribe } of subscriptions) if (subscribe) networks.subscribed(peerId.toString(), topic)
  })
  node.addEventListener('peer:disconnect', ({ detail: peerId }) => {
    networks.disconnected(peerId.toString())
    standing.forget(peerId.toString())
    // libp2p keeps a reservation until it expires, also of a tab that is gone: visitors would soon fill the store.
    relay.reservations.get(peerId)?.signal.clear()
    relay.reservations.delete(peerId)
  })

  return {
    peerId: node.peerId,
    port: portOf(listener.addresses()),
    reservations: () => relay.reservations.size,
    networks: () => networks.size,
    stop: async () => {
      await node.stop()
    },
  }
}

function portOf(addresses: readonly Multiaddr[]): number {
  const port = addresses[0]?.getComponents().find((component) => component.name === 'tcp')?.value
  if (port === undefined) throw new Error('libp2p does not listen')
  return Number(port)
}
