import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex } from '@noble/hashes/utils.js'

const { Point } = ed25519

/** A generator of the curve's eight points of small order. */
const ORDER_8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')

/** Encodings of the points whose order divides the cofactor. */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  Array.from({ length: 8 }, (_, multiple) => bytesToHex(ORDER_8.multiplyUnsafe(BigInt(multiple)).toBytes())),
)

/**
 * Ed25519 libraries disagree about odd keys and signatures (Chalkias, Garillot, Nikolaenko: "Taming the many
 * EdDSAs", 2020), and two nodes that disagree about one envelope can reach two verdicts. So every back end here
 * accepts exactly the same set: canonical encodings, no small order in key or R, S below the group order, and the
 * equation without cofactor, which is what browsers' and Node's WebCrypto compute.
 */
export function isStrictKey(publicKey: Uint8Array): boolean {
  if (SMALL_ORDER.has(bytesToHex(publicKey))) return false
  return ed25519.utils.isValidPublicKey(publicKey, false)
}

/** The half of strictness that lies in the signature and that back ends leave out. */
export function isStrictSignature(signature: Uint8Array): boolean {
  return signature.length === 64 && !SMALL_ORDER.has(bytesToHex(signature.subarray(0, 32)))
}
