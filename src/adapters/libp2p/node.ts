import { noise } from '@libp2p/noise'
import { yamux } from '@libp2p/yamux'
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { Libp2p, Listener, PrivateKey } from '@libp2p/interface'
import { ping, type Ping } from '@libp2p/ping'
import { webRTC } from '@libp2p/webrtc'
import { webSockets } from '@libp2p/websockets'
import type { Multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { createGossip, type GossipSub } from './gossip.ts'
import { cureInitChannel } from './init-channel.ts'
import { joinSends } from './joined-sends.ts'
import type { MeshLimits } from './limits.ts'

/** libp2p's transport manager, narrowed: a relay is listened on when it is reached, not when the node starts. */
interface Listening {
  listen(addresses: Multiaddr[]): Promise<void>
  getListeners(): Listener[]
}

export type SwarmLibp2p = Libp2p<{ gossip: GossipSub; ping: Ping; listening: Listening }>

/** A libp2p node that knows no address but its relays'. Not started. */
export async function createNode(init: {
  readonly privateKey: PrivateKey
  readonly network: string
  readonly iceServers: readonly RTCIceServer[]
  /** False for a node that neither dials nor answers WebRTC. */
  readonly direct: boolean
  /** Whether an address is one of the relays', or leads through one. Nothing else is ever dialled. */
  readonly mayDial: (address: Multiaddr) => boolean
  readonly limits: MeshLimits
}): Promise<SwarmLibp2p> {
  const { limits } = init
  if (init.direct) {
    cureInitChannel(globalThis.RTCPeerConnection)
    joinSends(globalThis.RTCDataChannel)
  }
  const direct = webRTC({ rtcConfiguration: { iceServers: [...init.iceServers] } })
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
    services: {
      identify: identify(),
      ping: ping(),
      gossip: createGossip(init.network),
      listening: ({ transportManager }: { transportManager: Listening }) => transportManager,
    },
  })
}
