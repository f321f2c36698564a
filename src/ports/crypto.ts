import type { NodeId, OperatorId, SealKey, Signature } from '#core/protocol/ids.ts'

/** A fresh X25519 key pair. The private half never leaves memory. */
export interface SealKeyPair {
  readonly publicKey: SealKey
  readonly privateKey: Uint8Array
}

/** Signatures (Ed25519, RFC 8032) and sealing (X25519, RFC 7748; HKDF, RFC 5869; XChaCha20-Poly1305). */
export interface Crypto {
  sign(privateKey: Uint8Array, bytes: Uint8Array): Promise<Signature>
  verify(signer: NodeId | OperatorId, bytes: Uint8Array, signature: Signature): Promise<boolean>
  /** The public key of a 32-byte Ed25519 private key. */
  publicKey(privateKey: Uint8Array): Uint8Array
  createSealKeyPair(random32: Uint8Array): SealKeyPair
  /** HKDF-SHA-256 over the X25519 shared secret. Shape: 32 bytes. Null for a low-order public key. */
  agree(privateKey: Uint8Array, publicKey: SealKey, info: Uint8Array): Uint8Array | null
  /** HKDF-SHA-256. Shape: 32 bytes. */
  derive(key: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array
  /** XChaCha20-Poly1305; nonce of 24 bytes. Shape: plaintext plus 16 bytes. */
  seal(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array
  /** Null when the ciphertext was not made with this key, nonce and associated data. */
  open(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array | null
}
