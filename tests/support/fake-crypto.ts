import { createHash } from 'node:crypto'
import type { SealKey, Signature } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'

const TAG_BYTES = 16

/** Private keys by public key, in hexadecimal: what lets a hash stand for a signature. */
export type FakeKeyRegistry = Map<string, Uint8Array>

/**
 * A `Crypto` for simulations, some hundred times faster than the real one: a signature is a hash over the private
 * key, sealing an XOR. It keeps the port's contract among honest code and against forgers that use this interface;
 * all nodes of one simulation share one registry.
 */
export function createFakeCrypto(registry: FakeKeyRegistry = new Map()): Crypto {
  const known = new WeakSet<Uint8Array>()

  function publicKey(privateKey: Uint8Array): Uint8Array {
    const key = hash('public', privateKey)
    registry.set(hex(key), Uint8Array.from(privateKey))
    return key
  }

  function signature(privateKey: Uint8Array, bytes: Uint8Array): Signature {
    const half = hex(hash('sign', privateKey, bytes))
    return (half + half) as Signature
  }

  return {
    async sign(privateKey, bytes) {
      if (!known.has(privateKey)) publicKey(privateKey)
      known.add(privateKey)
      return signature(privateKey, bytes)
    },
    async verify(signer, bytes, given) {
      const privateKey = registry.get(signer)
      return privateKey !== undefined && signature(privateKey, bytes) === given
    },
    publicKey,
    createSealKeyPair(random32) {
      return { privateKey: Uint8Array.from(random32), publicKey: sealKey(random32) }
    },
    agree(privateKey, otherKey, info) {
      if (/^0+$/.test(otherKey)) return null
      const [low = '', high = ''] = [sealKey(privateKey), otherKey].sort()
      return hash('agree', Buffer.from(low + high, 'hex'), info)
    },
    derive: (key, salt, info) => hash('derive', lengths(key, salt), key, salt, info),
    seal(key, nonce, associatedData, plaintext) {
      const sealed = new Uint8Array(plaintext.length + TAG_BYTES)
      sealed.set(masked(key, nonce, plaintext))
      sealed.set(tag(key, nonce, associatedData, plaintext), plaintext.length)
      return sealed
    },
    open(key, nonce, associatedData, ciphertext) {
      if (ciphertext.length < TAG_BYTES) return null
      const end = ciphertext.length - TAG_BYTES
      const plaintext = masked(key, nonce, ciphertext.subarray(0, end))
      return Buffer.compare(tag(key, nonce, associatedData, plaintext), ciphertext.subarray(end)) === 0
        ? plaintext
        : null
    },
  }
}

function sealKey(privateKey: Uint8Array): SealKey {
  return hex(hash('seal', privateKey)) as SealKey
}

function masked(key: Uint8Array, nonce: Uint8Array, bytes: Uint8Array): Uint8Array {
  const mask = hash('mask', key, nonce)
  const result = new Uint8Array(bytes.length)
  for (let index = 0; index < bytes.length; index++) result[index] = (bytes[index] ?? 0) ^ (mask[index & 31] ?? 0)
  return result
}

function tag(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
  return hash('tag', key, nonce, lengths(associatedData), associatedData, plaintext).subarray(0, TAG_BYTES)
}

function lengths(...parts: readonly Uint8Array[]): Uint8Array {
  return Buffer.from(parts.map((part) => part.length).join())
}

function hash(domain: string, ...parts: readonly Uint8Array[]): Uint8Array {
  const hasher = createHash('sha256').update(domain).update('\0')
  for (const part of parts) hasher.update(part)
  return new Uint8Array(hasher.digest())
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
