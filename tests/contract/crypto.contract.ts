import { bytesToHex } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import type { NodeId, SealKey, Signature } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'

/** What every `Crypto` keeps; the numbers of the standards are checked beside the real one. */
export function cryptoContract(name: string, create: () => Crypto): void {
  const bytes = (size: number, fill: number) => new Uint8Array(size).fill(fill)
  const idOf = (crypto: Crypto, privateKey: Uint8Array) => bytesToHex(crypto.publicKey(privateKey)) as NodeId
  const text = new TextEncoder().encode('why is the sky blue?')

  describe(`${name}: signatures`, () => {
    it('verifies what the signer signed, and nothing else', async () => {
      const crypto = create()
      const privateKey = bytes(32, 1)
      const [signer, stranger] = [idOf(crypto, privateKey), idOf(crypto, bytes(32, 2))]
      const signature = await crypto.sign(privateKey, text)
      expect(signature).toMatch(/^[0-9a-f]{128}$/)
      expect(await crypto.verify(signer, text, signature)).toBe(true)
      expect(await crypto.verify(stranger, text, signature)).toBe(false)
      expect(await crypto.verify(signer, text.subarray(1), signature)).toBe(false)
      const flipped = ((signature[0] === '0' ? '1' : '0') + signature.slice(1)) as Signature
      expect(await crypto.verify(signer, text, flipped)).toBe(false)
    })

    it('signs alike every time, and the empty message too', async () => {
      const crypto = create()
      const privateKey = bytes(32, 3)
      const empty = await crypto.sign(privateKey, bytes(0, 0))
      expect(await crypto.sign(privateKey, bytes(0, 0))).toBe(empty)
      expect(await crypto.verify(idOf(crypto, privateKey), bytes(0, 0), empty)).toBe(true)
    })

    it('refuses a key that belongs to nobody, without throwing', async () => {
      const crypto = create()
      const signature = await crypto.sign(bytes(32, 1), text)
      for (const fill of ['00', '01', 'ff']) {
        expect(await crypto.verify(fill.repeat(32) as NodeId, text, signature)).toBe(false)
        expect(await crypto.verify(fill.repeat(32) as NodeId, text, fill.repeat(64) as Signature)).toBe(false)
      }
    })
  })

  describe(`${name}: sealing`, () => {
    const info = bytes(4, 9)

    it('agrees on one key between two, and on another with a third or for another purpose', () => {
      const crypto = create()
      const [a, b, c] = [1, 2, 3].map((fill) => crypto.createSealKeyPair(bytes(32, fill))) as [Pair, Pair, Pair]
      const shared = crypto.agree(a.privateKey, b.publicKey, info)
      expect(shared).toHaveLength(32)
      expect(crypto.agree(b.privateKey, a.publicKey, info)).toEqual(shared)
      expect(crypto.agree(c.privateKey, b.publicKey, info)).not.toEqual(shared)
      expect(crypto.agree(a.privateKey, b.publicKey, bytes(4, 8))).not.toEqual(shared)
    })

    it('makes a key pair of the given randomness and keeps no reference to it', () => {
      const crypto = create()
      const random = bytes(32, 7)
      const pair = crypto.createSealKeyPair(random)
      expect(crypto.createSealKeyPair(bytes(32, 7))).toEqual(pair)
      random.fill(0)
      expect(crypto.createSealKeyPair(pair.privateKey).publicKey).toBe(pair.publicKey)
    })

    it('returns null for a public key of low order', () => {
      expect(create().agree(bytes(32, 1), '00'.repeat(32) as SealKey, info)).toBeNull()
    })

    it('derives 32 bytes that depend on key, salt and info', () => {
      const crypto = create()
      const keys = [
        crypto.derive(bytes(32, 1), bytes(32, 2), info),
        crypto.derive(bytes(32, 2), bytes(32, 2), info),
        crypto.derive(bytes(32, 1), bytes(32, 3), info),
        crypto.derive(bytes(32, 1), bytes(32, 2), bytes(4, 8)),
      ]
      for (const key of keys) expect(key).toHaveLength(32)
      expect(new Set(keys.map(bytesToHex)).size).toBe(keys.length)
      expect(crypto.derive(bytes(32, 1), bytes(32, 2), info)).toEqual(keys[0])
    })

    it('opens what it sealed, only under the same key, nonce and associated data, and untouched', () => {
      const crypto = create()
      const [key, nonce, data] = [bytes(32, 1), bytes(24, 2), bytes(5, 3)]
      const sealed = crypto.seal(key, nonce, data, text)
      expect(sealed).toHaveLength(text.length + 16)
      expect(crypto.open(key, nonce, data, sealed)).toEqual(text)
      expect(crypto.open(bytes(32, 9), nonce, data, sealed)).toBeNull()
      expect(crypto.open(key, bytes(24, 9), data, sealed)).toBeNull()
      expect(crypto.open(key, nonce, bytes(5, 9), sealed)).toBeNull()
      for (const index of sealed.keys()) {
        const touched = sealed.map((byte, at) => (at === index ? byte ^ 1 : byte))
        expect(crypto.open(key, nonce, data, touched)).toBeNull()
      }
    })

    it('seals the empty text, and returns null for less than a tag', () => {
      const crypto = create()
      const [key, nonce, data] = [bytes(32, 1), bytes(24, 2), bytes(0, 0)]
      expect(crypto.open(key, nonce, data, crypto.seal(key, nonce, data, bytes(0, 0)))).toEqual(bytes(0, 0))
      expect(crypto.open(key, nonce, data, bytes(15, 0))).toBeNull()
      expect(crypto.open(key, nonce, data, bytes(0, 0))).toBeNull()
    })
  })
}

type Pair = ReturnType<Crypto['createSealKeyPair']>
