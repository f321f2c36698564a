/** Signs and verifies with one pair of keys. Each key is prepared once, because import and decoding cost more than use. */
export interface Ed25519 {
  /** Shape: 32-byte seed (RFC 8032 "private key"). The array must not change afterwards. */
  signer(privateKey: Uint8Array): Promise<Sign>
  /** Shape: 32-byte public key that `isStrictKey`. */
  verifier(publicKey: Uint8Array): Promise<Verify>
}

export type Sign = (bytes: Uint8Array) => Promise<Uint8Array>
/** Takes only signatures that `isStrictSignature`. */
export type Verify = (bytes: Uint8Array, signature: Uint8Array) => Promise<boolean>
