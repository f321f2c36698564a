import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Listener, PrivateKey } from '@libp2p/interface'
import { ping, type Ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p, type Libp2pOptions } from 'libp2p'
import { createGossip, type GossipSub } from './gossip.ts'
import { cureInitChannel } from './init-channel.ts'
import { joinSends } from './joined-sends.ts'
import type { MeshLimits } from './limits.ts'

/** libp2p's transport manager, narrowed: a relay is listened on when it is reached, not when the node starts. */
interface Listening {
  listen(addresses: Multiaddr[]): Promise<void>
  getListeners(): Listener[]
}

/** Makes what dials and answers `…/webrtc` addresses. */
export type DirectTransport = NonNullable<Libp2pOptions['transports']>[number]

export type SwarmLibp2p = Libp2p<{ gossip: GossipSub; ping: Ping; listening: Listening }>

/** Pings under way over one connection: the monitor's, one every 10 s for as long as it waits, and ours. */
const PING_STREAMS = 8

/** A libp2p node that knows no address but its relays'. Not started. */
export async function createNode(init: {
  readonly privateKey: PrivateKey
  readonly network: string
  readonly iceServers: readonly RTCIceServer[]
  /** False for a node that neither dials nor answers WebRTC. */
  readonly direct: boolean
  /** Stands in for WebRTC where a process has none. */
  readonly directTransport?: DirectTransport
  /** Whether an address is one of the relays', or leads through one. Nothing else is ever dialled. */
  readonly mayDial: (address: Multiaddr) => boolean
  readonly limits: MeshLimits
}): Promise<SwarmLibp2p> {
  const { limits } = init
  if (init.direct && !init.directTransport) {
    cureInitChannel(globalThis.RTCPeerConnection)
    joinSends(globalThis.RTCDataChannel)
  }
  const direct = init.directTransport ?? webRTC({ rtcConfiguration: { iceServers: [...init.iceServers] } })
  return createLibp2p({
    start: false,
    privateKey: init.privateKey,
    nodeInfo: { name: 'tabswarm', version: '1', userAgent: 'tabswarm' },
    addresses: { listen: init.direct ? ['/webrtc'] : [] },
    transports: [webSockets(), circuitRelayTransport(), ...(init.direct ? [direct] : [])],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: (address) => !init.mayDial(address) },
    connectionManager: {
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.dialTimeoutMs,
      inboundUpgradeTimeout: limits.dialTimeoutMs,
      // Redialling is the relay link's and the link keeper's matter.
      reconnectRetries: 0,
      // Resolving a /dnsaddr would ask a public name service over HTTPS.
      resolvers: {},
    },
    // Aborts a connection whose ping fails; by default that is one that a busy machine takes 5 s to answer.
    connectionMonitor: { pingTimeout: { minTimeout: limits.dialTimeoutMs } },
    services: {
      identify: identify(),
      // The monitor and the link keeper ping by the same protocol. With libp2p's one stream at a time, the later of two
      // pings fails at once, and the monitor takes that for the end of the connection.
      ping: ping({ maxInboundStreams: PING_STREAMS, maxOutboundStreams: PING_STREAMS }),
      gossip: createGossip(init.network),
      listening: ({ transportManager }: { transportManager: Listening }) => transportManager,
    },
  })
}
