import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import type { Ed25519 } from './ed25519.ts'

const { Point } = ed25519

/** For browsers and insecure contexts whose WebCrypto has no Ed25519. */
export function createNobleEd25519(): Ed25519 {
  return {
    signer: async (privateKey) => async (bytes) => ed25519.sign(bytes, privateKey),
    verifier: async (publicKey) => {
      const key = Point.fromBytes(publicKey, false)
      return async (bytes, signature) => verify(key, publicKey, bytes, signature)
    },
  }
}

/**
 * RFC 8032 5.1.7 without cofactor: R = [S]B - [k]A, compared as bytes. The library's own `verify` multiplies by the
 * cofactor, and so accepts signatures that WebCrypto refuses.
 */
function verify(
  key: InstanceType<typeof Point>,
  publicKey: Uint8Array,
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  const r = signature.subarray(0, 32)
  const s = littleEndian(signature.subarray(32))
  if (s >= Point.Fn.ORDER) return false
  const k = littleEndian(sha512.create().update(r).update(publicKey).update(bytes).digest()) % Point.Fn.ORDER
  const expected = Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k)).toBytes()
  return expected.every((byte, index) => byte === r[index])
}

function littleEndian(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n)
}
