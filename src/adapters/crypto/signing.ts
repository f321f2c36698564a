import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import type { Signature } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Ed25519, Sign, Verify } from './ed25519.ts'
import { isStrictKey, isStrictSignature } from './ed25519-key.ts'

type Signing = Pick<Crypto, 'sign' | 'verify' | 'publicKey'>

/** Prepared public keys kept: more than the nodes one tab hears, and a bound where a stranger makes up keys. */
const MAX_VERIFIERS = 512

/** The signing half of `Crypto` over a back end that is chosen at first use. */
export function createSigning(choose: () => Promise<Ed25519>): Signing {
  let chosen: Promise<Ed25519> | undefined
  const backend = () => (chosen ??= choose())
  const signers = new WeakMap<Uint8Array, Promise<Sign>>()
  /** By public key, least recently used first; null for a key that nobody may sign with. */
  const verifiers = new Map<string, Promise<Verify | null>>()

  function signer(privateKey: Uint8Array): Promise<Sign> {
    const known = signers.get(privateKey)
    if (known !== undefined) return known
    const made = backend().then((ed25519) => ed25519.signer(privateKey))
    signers.set(privateKey, made)
    return made
  }

  function verifier(publicKey: string): Promise<Verify | null> {
    const made = verifiers.get(publicKey) ?? prepare(hexToBytes(publicKey))
    verifiers.delete(publicKey)
    verifiers.set(publicKey, made)
    const [oldest] = verifiers.keys()
    if (verifiers.size > MAX_VERIFIERS && oldest !== undefined) verifiers.delete(oldest)
    return made
  }

  async function prepare(publicKey: Uint8Array): Promise<Verify | null> {
    return isStrictKey(publicKey) ? (await backend()).verifier(publicKey) : null
  }

  return {
    async sign(privateKey, bytes) {
      const sign = await signer(privateKey)
      return bytesToHex(await sign(bytes)) as Signature
    },
    async verify(signerId, bytes, signature) {
      const signatureBytes = hexToBytes(signature)
      if (!isStrictSignature(signatureBytes)) return false
      const verify = await verifier(signerId)
      return verify !== null && verify(bytes, signatureBytes)
    },
    publicKey: (privateKey) => ed25519.getPublicKey(privateKey),
  }
}
