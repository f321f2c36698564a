import { concatBytes, hexToBytes, utf8ToBytes, bytesToHex } from '#core/bytes.ts'
import { compress, decompress } from '#core/compression.ts'
import { domainBytes } from '#core/protocol/domains.ts'
import type { Digest, NodeId, Salt, SealKey, SessionId } from '#core/protocol/ids.ts'
import type { OpenText, SealText } from '#core/protocol/wire.ts'
import type { Crypto, SealKeyPair } from '#ports/crypto.ts'

/** A grant's key is used once, so its nonce may be fixed. */
const GRANT_NONCE = new Uint8Array(24)
const SALT_BYTES = 32
const NONCE_BYTES = 24
/** A byte order mark is part of the text: without it, the text would not have its digest. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * One node's keys of one session (SPEC SEAL-1 to SEAL-4). The asker makes the session key and wraps it for each
 * participant; everybody derives each sender's key from it. A text's nonce is the head of its salted digest, which
 * differs whenever salt or text does, so no counter can be lost in a reload.
 */
export class SessionSecrets {
  readonly #crypto: Crypto
  readonly #session: SessionId
  readonly #pair: SealKeyPair
  #sessionKey: Uint8Array | null
  readonly #senderKeys = new Map<NodeId, Uint8Array>()

  constructor(crypto: Crypto, session: SessionId, pair: SealKeyPair, sessionKey: Uint8Array | null) {
    this.#crypto = crypto
    this.#session = session
    this.#pair = pair
    this.#sessionKey = sessionKey
  }

  get publicKey(): SealKey {
    return this.#pair.publicKey
  }

  get sessionKey(): Uint8Array | null {
    return this.#sessionKey
  }

  /** Wraps the session key for a participant. An unusable public key gets a grant that opens nothing. */
  grant(node: NodeId, sealKey: SealKey): Uint8Array {
    const key = this.#crypto.agree(this.#pair.privateKey, sealKey, this.#grantInfo(node))
    if (!key || !this.#sessionKey) return new Uint8Array(48)
    return this.#crypto.seal(key, GRANT_NONCE, new Uint8Array(), this.#sessionKey)
  }

  /** Unwraps a grant made for this node. Returns whether this node holds the session's key now for the first time. */
  accept(self: NodeId, leaderKey: SealKey, grant: Uint8Array): boolean {
    if (this.#sessionKey) return false
    const key = this.#crypto.agree(this.#pair.privateKey, leaderKey, this.#grantInfo(self))
    this.#sessionKey = key && this.#crypto.open(key, GRANT_NONCE, new Uint8Array(), grant)
    return this.#sessionKey !== null
  }

  /** Seals this node's texts, compressed. What their length then tells stands in the threat model. */
  sealAs(sender: NodeId): SealText {
    return ({ digest, salt, text }) => {
      const key = this.#senderKey(sender)
      if (!key) throw new Error('no session key to seal with')
      const plaintext = concatBytes(hexToBytes(salt), compress(utf8ToBytes(text)))
      return this.#crypto.seal(key, nonceOf(digest), textContext(this.#session, sender, digest), plaintext)
    }
  }

  /** Opens a sender's texts; every text stays closed while the key is missing. */
  openFrom(sender: NodeId): OpenText {
    return (digest, sealed, maxBytes) => {
      const key = this.#senderKey(sender)
      return key && openWith(this.#crypto, key, this.#session, sender, { digest, sealed, maxBytes })
    }
  }

  #grantInfo(node: NodeId): Uint8Array {
    return domainBytes('grant', [hexToBytes(this.#session), hexToBytes(node)])
  }

  #senderKey(sender: NodeId): Uint8Array | null {
    if (!this.#sessionKey) return null
    let key = this.#senderKeys.get(sender)
    if (!key) {
      key = senderKey(this.#crypto, this.#sessionKey, this.#session, sender)
      this.#senderKeys.set(sender, key)
    }
    return key
  }
}

/** Opens the texts of a transcript that carries its session key. */
export function openTextWith(crypto: Crypto, sessionKey: Uint8Array, session: SessionId, sender: NodeId): OpenText {
  const key = senderKey(crypto, sessionKey, session, sender)
  return (digest, sealed, maxBytes) => openWith(crypto, key, session, sender, { digest, sealed, maxBytes })
}

function senderKey(crypto: Crypto, sessionKey: Uint8Array, session: SessionId, sender: NodeId): Uint8Array {
  return crypto.derive(sessionKey, hexToBytes(session), domainBytes('sender-key', [hexToBytes(sender)]))
}

interface Sealed {
  readonly digest: Digest
  readonly sealed: Uint8Array
  /** Of the text, when it is inflated. */
  readonly maxBytes: number
}

function openWith(
  crypto: Crypto,
  key: Uint8Array,
  session: SessionId,
  sender: NodeId,
  { digest, sealed, maxBytes }: Sealed,
): { salt: Salt; text: string } | null {
  const plaintext = crypto.open(key, nonceOf(digest), textContext(session, sender, digest), sealed)
  const text = plaintext && decompress(plaintext.subarray(SALT_BYTES), maxBytes)
  if (!text) return null
  try {
    return { salt: bytesToHex(plaintext.subarray(0, SALT_BYTES)) as Salt, text: decoder.decode(text) }
  } catch {
    return null
  }
}

function nonceOf(digest: Digest): Uint8Array {
  return hexToBytes(digest).subarray(0, NONCE_BYTES)
}

function textContext(session: SessionId, sender: NodeId, digest: Digest): Uint8Array {
  return domainBytes('text', [hexToBytes(session), hexToBytes(sender), hexToBytes(digest)])
}
