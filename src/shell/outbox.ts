import type { NodeId } from '#core/protocol/ids.ts'
import { decodeEnvelope, encodeEnvelope, openMessage, type Envelope } from '#core/protocol/envelope.ts'
import type { Message } from '#core/protocol/messages.ts'
import type { OpenText, SealText } from '#core/protocol/wire.ts'
import type { Clock } from '#ports/clock.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Identity } from '#ports/key-store.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Store } from '#ports/store.ts'

/** Sequence numbers taken from the store at once, so that not every message has to wait for the disk. */
const RESERVED = 1000

/** What seals and opens this node's own texts; messages without texts need neither. */
export interface Seals {
  readonly seal: SealText
  readonly open: OpenText
}

const nothingToSeal: Seals = {
  seal: () => {
    throw new Error('this message has no session to be sealed for')
  },
  open: () => null,
}

/**
 * Signs and publishes this node's statements. Sequence numbers only grow, also over reloads and when the wall clock
 * is set back (SPEC ENV-5).
 */
export class Outbox {
  readonly #identity: Identity
  readonly #network: string
  readonly #crypto: Crypto
  readonly #mesh: Mesh
  readonly #store: Store
  readonly #decode: typeof decodeEnvelope
  #next: number
  #ceiling: number

  private constructor(init: OutboxInit, first: number) {
    this.#identity = init.identity
    this.#network = init.network
    this.#crypto = init.crypto
    this.#mesh = init.mesh
    this.#store = init.store
    this.#decode = init.decode ?? decodeEnvelope
    this.#next = first
    this.#ceiling = first
  }

  static async open(init: OutboxInit): Promise<Outbox> {
    const last = await init.store.getSequence(init.identity.node)
    return new Outbox(init, Math.max(init.clock.wallTimeMs(), last + 1))
  }

  get self(): NodeId {
    return this.#identity.node
  }

  /** Signs, publishes, and returns the envelope as everybody else will see it. */
  async publish(message: Message, grants: readonly Uint8Array[] = [], seals: Seals = nothingToSeal): Promise<Envelope> {
    const envelope = await this.sign(message, grants, seals)
    await this.publishFrame(envelope.frame)
    return envelope
  }

  async sign(message: Message, grants: readonly Uint8Array[] = [], seals: Seals = nothingToSeal): Promise<Envelope> {
    const sequence = await this.#takeSequence()
    const { signedBytes, complete } = encodeEnvelope(
      { message, sequence, grants },
      this.self,
      this.#network,
      seals.seal,
    )
    const frame = complete(await this.#crypto.sign(this.#identity.privateKey, signedBytes))
    const decoded = this.#decode(frame, this.#network)
    if (!decoded.ok) throw new Error(`our own ${message.type} is ${decoded.reason}`)
    return { ...decoded.envelope, message: openMessage(decoded.envelope, seals.open) }
  }

  /** Publishes what was signed. */
  async publishFrame(frame: Uint8Array): Promise<void> {
    await this.#mesh.publish(frame)
  }

  async #takeSequence(): Promise<number> {
    const sequence = this.#next++
    if (sequence >= this.#ceiling) {
      this.#ceiling = sequence + RESERVED
      await this.#store.putSequence(this.self, this.#ceiling)
    }
    return sequence
  }
}

export interface OutboxInit {
  readonly identity: Identity
  readonly network: string
  readonly crypto: Crypto
  readonly mesh: Mesh
  readonly store: Store
  readonly clock: Clock
  /** Default: `decodeEnvelope`. */
  readonly decode?: typeof decodeEnvelope
}
