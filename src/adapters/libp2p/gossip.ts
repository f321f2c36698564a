import { gossipsub, type GossipSub, type GossipsubOpts } from '@chainsafe/libp2p-gossipsub'
import { sha256 } from '@noble/hashes/sha2.js'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import { discoveryTopicOf, topicOf } from '#core/protocol/version.ts'

/** Where a network's frames travel, and where its nodes find each other. */
export function topicsOf(network: string): { frames: string; discovery: string } {
  return { frames: topicOf(network), discovery: discoveryTopicOf(network) }
}

/**
 * Gossip for frames that carry their own signature.
 *
 * A session of 8 tabs may cost each at most 60 kB received, duplicates counted, for 16 kB published: 3.7 copies of
 * everything. A frame crosses every edge of the gossip mesh once, or twice where both ends send at the same time; at
 * degree 3, relay included, 2.6 copies were measured (docs/adr/0013-gossipsub-degree.md). Publishing goes to at least D
 * subscribed peers whether grafted or not, so a first message never waits for a graft, and flooding it to all of up to
 * 12 links would only add copies. IDONTWANT saves the second copy of frames large enough to be worth its 40 bytes.
 */
export function createGossip(network: string): ReturnType<typeof gossipsub> {
  const topics = topicsOf(network)
  const options: Partial<GossipsubOpts> = {
    globalSignaturePolicy: 'StrictNoSign',
    msgIdFn: (message) => sha256(message.data),
    // Shorter than any deadline after which a node might say the same thing again; longer than any path.
    seenTTL: 30_000,
    fallbackToFloodsub: false,
    floodPublish: false,
    allowPublishToZeroTopicPeers: true,
    ignoreDuplicatePublishError: true,
    emitSelf: false,
    D: 3,
    Dlo: 2,
    Dhi: 4,
    Dout: 1,
    Dscore: 2,
    Dlazy: 3,
    idontwantMinDataSize: 512,
    // Relayed connections are small and short-lived: gossip for tabs without direct links goes through the relay's own
    // gossip instead.
    runOnLimitedConnection: false,
    // A tag would make libp2p redial on its own; the link keeper does that, with the whole picture.
    tagMeshPeers: false,
    allowedTopics: [topics.frames, topics.discovery],
    // Room for the frame and its envelope, and for a few frames asked for together.
    maxInboundDataLength: 4 * MAX_FRAME_BYTES,
    // A tab that loses its links must be able to graft the relay again soon.
    pruneBackoff: 10_000,
    graftFloodThreshold: 5_000,
    scoreParams: {
      // Whole swarms sit behind one address: a classroom, one machine, everybody behind the relay's proxy.
      IPColocationFactorWeight: 0,
      topics: { [topics.frames]: INVALID_ONLY, [topics.discovery]: INVALID_ONLY },
    },
  }
  return gossipsub(options)
}

export type { GossipSub }

/**
 * Only frames that a validator rejected cost standing: three within half a minute, and the forwarder hears no more
 * gossip; nine, and nothing from it is read. Silence costs nothing, as most of the time nobody speaks.
 */
const INVALID_ONLY = {
  topicWeight: 1,
  timeInMeshWeight: 0,
  timeInMeshQuantum: 1_000,
  timeInMeshCap: 1,
  firstMessageDeliveriesWeight: 0,
  firstMessageDeliveriesDecay: 0.5,
  firstMessageDeliveriesCap: 1,
  meshMessageDeliveriesWeight: 0,
  meshMessageDeliveriesDecay: 0.5,
  meshMessageDeliveriesCap: 1,
  meshMessageDeliveriesThreshold: 1,
  meshMessageDeliveriesWindow: 10,
  meshMessageDeliveriesActivation: 1_000,
  meshFailurePenaltyWeight: 0,
  meshFailurePenaltyDecay: 0.5,
  invalidMessageDeliveriesWeight: -1,
  invalidMessageDeliveriesDecay: 0.97,
}
