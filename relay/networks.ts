import { decodeEnvelope, type Malformation } from '#core/protocol/envelope.ts'
import { discoveryTopicOf, topicOf } from '#core/protocol/version.ts'
import { createPublicKey, verify } from 'node:crypto'
import { NETWORK_NAME } from './config.ts'

/** A peer's announcement: a public key and its addresses. Twelve links' worth is less than half of this. */
const MAX_ANNOUNCEMENT_BYTES = 8 * 1024

/** Networks that one client can keep open: the one it uses, and one it moves to. */
const NETWORKS_PER_PEER = 2

export type FrameKind = 'announcement' | 'message'
/** What a frame was found to be. */
export type Finding = 'valid' | 'forged' | Malformation
export type Judgement = 'accept' | 'ignore' | 'reject'

const JUDGEMENTS: Readonly<Record<Finding, Judgement>> = {
  valid: 'accept',
  // A type that this version does not know may be a newer tab's: not its forwarder's fault.
  'unknown-type': 'ignore',
  oversized: 'reject',
  undecodable: 'reject',
  'not-canonical': 'reject',
  schema: 'reject',
  forged: 'reject',
}

/** What gossip the relay forwards: the topics of its own network, and of others while clients of theirs are here. */
export interface TopicPort {
  open(topic: string, judge: (frame: Uint8Array) => Judgement): void
  close(topic: string): void
}

/**
 * Which networks gossip through this relay.
 *
 * Invariants: 1. the relay's own network is always open; 2. another one is open exactly while some connected client
 * subscribes to one of its topics; 3. at most `maxNetworks` others are open, and at most two for the sake of any one
 * client, so that nobody alone can use them up.
 */
export class Networks {
  readonly #own: string
  readonly #maxNetworks: number
  readonly #topics: TopicPort
  readonly #count: (kind: FrameKind, finding: Finding) => void
  readonly #clients = new Map<string, Set<string>>()

  constructor(own: string, maxNetworks: number, topics: TopicPort, count: (kind: FrameKind, finding: Finding) => void) {
    this.#own = own
    this.#maxNetworks = maxNetworks
    this.#topics = topics
    this.#count = count
    this.#open(own)
  }

  /** Networks that are open now. */
  get size(): number {
    return this.#clients.size + 1
  }

  subscribed(client: string, topic: string): void {
    const network = networkOf(topic)
    if (network === null || network === this.#own) return
    const clients = this.#clients.get(network)
    if (clients?.has(client)) return
    if (!clients && this.#clients.size >= this.#maxNetworks) return
    if (this.#networksOf(client) >= NETWORKS_PER_PEER) return
    if (clients) clients.add(client)
    else {
      this.#clients.set(network, new Set([client]))
      this.#open(network)
    }
  }

  /** Leaving one of its topics, a client stays counted until it disconnects: subscriptions flap, connections do not. */
  disconnected(client: string): void {
    for (const [network, clients] of this.#clients) {
      if (!clients.delete(client) || clients.size > 0) continue
      this.#clients.delete(network)
      this.#topics.close(topicOf(network))
      this.#topics.close(discoveryTopicOf(network))
    }
  }

  #networksOf(client: string): number {
    return [...this.#clients.values()].filter((clients) => clients.has(client)).length
  }

  #open(network: string): void {
    const counted = (kind: FrameKind, inspect: (frame: Uint8Array) => Finding) => (frame: Uint8Array) => {
      const finding = inspect(frame)
      this.#count(kind, finding)
      return JUDGEMENTS[finding]
    }
    this.#topics.open(
      discoveryTopicOf(network),
      counted('announcement', (frame) => (frame.length <= MAX_ANNOUNCEMENT_BYTES ? 'valid' : 'oversized')),
    )
    this.#topics.open(
      topicOf(network),
      counted('message', (frame) => inspectMessage(frame, network)),
    )
  }
}

/** The network of a topic that this relay would forward, else null. */
function networkOf(topic: string): string | null {
  const name = topic.split('/').find((part) => topic === topicOf(part) || topic === discoveryTopicOf(part))
  return name !== undefined && NETWORK_NAME.test(name) ? name : null
}

/**
 * Form and signature of a message; its texts stay sealed. The relay must not pass on what tabs reject, or a hostile
 * client could spend the relay's own standing in gossip.
 */
function inspectMessage(frame: Uint8Array, network: string): Finding {
  const decoded = decodeEnvelope(frame, network)
  if (!decoded.ok) return decoded.reason
  const { from, signature, signedBytes } = decoded.envelope
  return isSignedBy(from, signature, signedBytes) ? 'valid' : 'forged'
}

function isSignedBy(nodeHex: string, signatureHex: string, bytes: Uint8Array): boolean {
  try {
    const x = Buffer.from(nodeHex, 'hex').toString('base64url')
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
    return verify(null, bytes, key, Buffer.from(signatureHex, 'hex'))
  } catch {
    return false
  }
}
