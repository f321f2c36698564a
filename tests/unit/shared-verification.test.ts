import { expect, test } from 'vitest'
import type { NodeId, Signature } from '#core/protocol/ids.ts'
import { bytesToHex } from '#core/bytes.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { shareVerification } from '#support/shared-verification.ts'

test('a signature found good once is still refused in another name, over other bytes, and when forged', async () => {
  const crypto = shareVerification(createFakeCrypto())
  const keys = [1, 2].map((fill) => new Uint8Array(32).fill(fill))
  const [signer, other] = keys.map((key) => bytesToHex(crypto.publicKey(key)) as NodeId)
  const [key] = keys
  if (!key || !signer || !other) throw new Error('two keys were made')
  const bytes = Uint8Array.of(1, 2, 3)
  const signature = await crypto.sign(key, bytes)
  const forged = 'ab'.repeat(64) as Signature
  const ask = async () => {
    expect(await crypto.verify(signer, bytes, signature)).toBe(true)
    expect(await crypto.verify(other, bytes, signature)).toBe(false)
    expect(await crypto.verify(signer, bytes, forged)).toBe(false)
    expect(await crypto.verify(signer, Uint8Array.of(1, 2, 4), signature)).toBe(false)
    expect(await crypto.verify(signer, Uint8Array.of(1, 2, 3), signature)).toBe(true)
  }
  // Computed, then remembered.
  await ask()
  await ask()
})
