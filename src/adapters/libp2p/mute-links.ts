import type { Connection } from '@libp2p/interface'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { GossipSub } from './gossip.ts'
import type { MeshLimits } from './limits.ts'
import type { SwarmLibp2p } from './node.ts'

export interface MuteLinksInit {
  readonly libp2p: Pick<SwarmLibp2p, 'getConnections' | 'services'>
  readonly clock: Clock
  readonly logger: Logger
  readonly limits: MeshLimits
}

/** gossipsub's streams by peer id, which its type does not show. */
type Streams = GossipSub & Readonly<Record<'streamsInbound' | 'streamsOutbound', ReadonlyMap<string, unknown>>>

/**
 * Closes connections over which no gossip flows, so that they are made anew like any that was lost.
 *
 * gossipsub (seen in 17.1, `createOutboundStream`) tries once for a connection to open its stream. Where that fails, as it
 * does on a machine too busy to negotiate within 10 s, or where the stream ends by itself, the connection stays open and
 * mute, and a node that has no other one hears nobody for as long as it lives. No event tells of it, so this looks at
 * intervals, and closes what is mute at two looks one after the other.
 */
export class MuteLinks {
  readonly #init: MuteLinksInit
  #mute: ReadonlySet<Connection> = new Set()
  #cancel: () => void = () => undefined

  constructor(init: MuteLinksInit) {
    this.#init = init
  }

  start(): void {
    const { clock, limits } = this.#init
    this.#cancel = clock.setTimer(clock.now() + limits.dialTimeoutMs, () => {
      this.#look()
      this.start()
    })
  }

  stop(): void {
    this.#cancel()
    this.#mute = new Set()
  }

  #look(): void {
    const { libp2p, logger } = this.#init
    const { streamsInbound, streamsOutbound } = libp2p.services.gossip as Streams
    const mute = libp2p.getConnections().filter(({ limits, status, remotePeer }) => {
      const peer = remotePeer.toString()
      // Gossip does not run over relayed connections.
      return limits === undefined && status === 'open' && !(streamsInbound.has(peer) && streamsOutbound.has(peer))
    })
    for (const connection of mute) {
      if (!this.#mute.has(connection)) continue
      logger.count('link:mute')
      connection.abort(new Error('no gossip flows over it'))
    }
    this.#mute = new Set(mute)
  }
}
