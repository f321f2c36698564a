import { operatorStatement } from '#core/protocol/domains.ts'
import { decodeEnvelope, type Envelope } from '#core/protocol/envelope.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import type { OperatorCertificate } from '#core/protocol/messages.ts'
import { ReplayWindows } from '#core/protocol/replay.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Logger } from '#ports/logger.ts'
import type { Acceptance } from '#ports/mesh.ts'

/** Certificates found good are remembered: the same few come with every announcement and join. */
const MAX_KNOWN_CERTIFICATES = 1024

export interface GatekeeperInit {
  readonly network: string
  readonly crypto: Crypto
  readonly logger: Logger
  /** Default: `decodeEnvelope`. */
  readonly decode?: typeof decodeEnvelope
}

/**
 * The one place where a peer's bytes become statements: size cap, decoding, schema, signature, freshness, in this
 * order (SPEC ENV-2). What fails is counted by kind and costs whoever forwarded it gossip standing; only staleness
 * does not, since honest nodes forward late.
 */
export class Gatekeeper {
  readonly #network: string
  readonly #crypto: Crypto
  readonly #logger: Logger
  readonly #decode: typeof decodeEnvelope
  readonly #replays = new ReplayWindows()
  readonly #knownCertificates = new Map<NodeId, OperatorCertificate>()

  constructor(init: GatekeeperInit) {
    this.#network = init.network
    this.#crypto = init.crypto
    this.#logger = init.logger
    this.#decode = init.decode ?? decodeEnvelope
  }

  /** For gossip: each statement passes once. */
  async admit(frame: Uint8Array): Promise<{ acceptance: Acceptance; envelope: Envelope | null }> {
    const envelope = await this.verify(frame)
    if (!envelope) return { acceptance: 'reject', envelope: null }
    if (!this.#replays.admit(envelope.from, envelope.sequence)) {
      this.#logger.count('dropped:replayed')
      return { acceptance: 'ignore', envelope: null }
    }
    return { acceptance: 'accept', envelope }
  }

  /** For what was asked for and may well be known already: everything but freshness. Null when it does not hold. */
  async verify(frame: Uint8Array): Promise<Envelope | null> {
    const decoded = this.#decode(frame, this.#network)
    if (!decoded.ok) return this.#drop(decoded.reason)
    const { envelope } = decoded
    if (!(await this.#crypto.verify(envelope.from, envelope.signedBytes, envelope.signature)))
      return this.#drop('forged')
    const { message } = envelope
    if ('certificate' in message && !(await this.#certified(envelope.from, message.certificate))) {
      return this.#drop('forged-certificate')
    }
    return envelope
  }

  async #certified(node: NodeId, certificate: OperatorCertificate): Promise<boolean> {
    const { operator, signature } = certificate
    const known = this.#knownCertificates.get(node)
    if (known?.operator === operator && known.signature === signature) return true
    if (!(await this.#crypto.verify(operator, operatorStatement(node), signature))) return false
    const [oldest] = this.#knownCertificates.keys()
    if (this.#knownCertificates.size >= MAX_KNOWN_CERTIFICATES && oldest !== undefined)
      this.#knownCertificates.delete(oldest)
    this.#knownCertificates.set(node, certificate)
    return true
  }

  #drop(reason: string): null {
    this.#logger.count(`dropped:${reason}`)
    return null
  }
}
