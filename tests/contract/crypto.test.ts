import { hkdfSync } from 'node:crypto'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import { createCrypto, createRandom } from '#adapters/crypto/create-crypto.ts'
import type { SealKey } from '#core/protocol/ids.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { cryptoContract } from './crypto.contract.ts'
import { strictSignatureContract } from './crypto-signatures.contract.ts'

const backends = [
  { name: 'WebCrypto', create: () => createCrypto() },
  { name: 'noble', create: () => createCrypto({ subtle: undefined }) },
]

for (const { name, create } of backends) {
  cryptoContract(name, create)
  strictSignatureContract(name, create)
}
cryptoContract('fake', () => createFakeCrypto())

describe('sealing by noble', () => {
  const crypto = createCrypto()

  it('makes RFC 7748 6.1 keys and secret', () => {
    const alice = hexToBytes('77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a')
    const bob = hexToBytes('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb')
    const secret = hexToBytes('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
    const info = new TextEncoder().encode('info')
    const expected = new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), info, 32))
    const [alicePair, bobPair] = [crypto.createSealKeyPair(alice), crypto.createSealKeyPair(bob)]
    expect(alicePair.publicKey).toBe('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a')
    expect(bobPair.publicKey).toBe('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f')
    expect(crypto.agree(alicePair.privateKey, bobPair.publicKey, info)).toEqual(expected)
  })

  it.each([
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ])('agrees on nothing with the low-order key %s', (publicKey) => {
    expect(crypto.agree(new Uint8Array(32).fill(1), publicKey as SealKey, new Uint8Array(0))).toBeNull()
  })

  it('derives the first 32 bytes of RFC 5869 A.1', () => {
    const key = crypto.derive(
      new Uint8Array(22).fill(0x0b),
      hexToBytes('000102030405060708090a0b0c'),
      hexToBytes('f0f1f2f3f4f5f6f7f8f9'),
    )
    expect(bytesToHex(key)).toBe('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf')
  })

  it('seals draft-irtf-cfrg-xchacha-03 A.3.1', () => {
    const key = Uint8Array.from({ length: 32 }, (_, index) => 0x80 + index)
    const nonce = Uint8Array.from({ length: 24 }, (_, index) => 0x40 + index)
    const data = hexToBytes('50515253c0c1c2c3c4c5c6c7')
    const plaintext = new TextEncoder().encode(
      "Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, sunscreen would be it.",
    )
    const sealed = crypto.seal(key, nonce, data, plaintext)
    expect(bytesToHex(sealed)).toBe(
      'bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4eda7e39' +
        'ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9' +
        '21f9664c97637da9768812f615c68b13b52ec0875924c1c7987947deafd8780acf49',
    )
    expect(crypto.open(key, nonce, data, sealed)).toEqual(plaintext)
  })
})

describe('the real random', () => {
  it('gives as many bytes as asked, never the same', () => {
    const random = createRandom()
    expect(random.bytes(0)).toHaveLength(0)
    expect(random.bytes(32)).toHaveLength(32)
    expect(random.bytes(32)).not.toEqual(random.bytes(32))
  })
})
