import type { Signature } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'

/**
 * For simulated nodes that share what they decoded, and so ask about the very same bytes: a signature that was found
 * good is not computed again for the next of them. What was not asked before, or was not found good, always is. Bytes
 * must not change once they were asked about.
 */
export function shareVerification(crypto: Crypto): Crypto {
  const good = new WeakMap<Uint8Array, { readonly signer: string; readonly signature: Signature }>()
  return {
    ...crypto,
    async verify(signer, bytes, signature) {
      const known = good.get(bytes)
      if (known?.signer === signer && known.signature === signature) return true
      const verified = await crypto.verify(signer, bytes, signature)
      if (verified) good.set(bytes, { signer, signature })
      return verified
    },
  }
}
