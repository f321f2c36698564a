import { xchacha20poly1305 } from '@noble/ciphers/chacha.js'
import { x25519 } from '@noble/curves/ed25519.js'
import { hkdf } from '@noble/hashes/hkdf.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { SealKey } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'

type Sealing = Pick<Crypto, 'createSealKeyPair' | 'agree' | 'derive' | 'seal' | 'open'>

const KEY_BYTES = 32

/**
 * The sealing half of `Crypto`. Pure code on every platform: WebCrypto has no XChaCha20, its X25519 is younger than
 * the browsers that this must run in, and texts of some kilobytes seal in well under a millisecond.
 */
export function createSealing(): Sealing {
  return {
    createSealKeyPair(random32) {
      const privateKey = Uint8Array.from(random32)
      return { privateKey, publicKey: bytesToHex(x25519.getPublicKey(privateKey)) as SealKey }
    },
    agree(privateKey, publicKey, info) {
      const shared = sharedSecret(privateKey, hexToBytes(publicKey))
      return shared && hkdf(sha256, shared, undefined, info, KEY_BYTES)
    },
    derive: (key, salt, info) => hkdf(sha256, key, salt, info, KEY_BYTES),
    seal: (key, nonce, associatedData, plaintext) => xchacha20poly1305(key, nonce, associatedData).encrypt(plaintext),
    open(key, nonce, associatedData, ciphertext) {
      const cipher = xchacha20poly1305(key, nonce, associatedData)
      try {
        return cipher.decrypt(ciphertext)
      } catch {
        // A wrong tag, or fewer bytes than a tag: both are the sender's doing, not an error of ours.
        return null
      }
    },
  }
}

/** Null for the public keys of low order, whose shared secret is zero whatever the private key (RFC 7748, 6.1). */
function sharedSecret(privateKey: Uint8Array, publicKey: Uint8Array): Uint8Array | null {
  try {
    return x25519.getSharedSecret(privateKey, publicKey)
  } catch {
    return null
  }
}
