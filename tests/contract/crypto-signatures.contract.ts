import { ed25519 } from '@noble/curves/ed25519.js'
import { sha512 } from '@noble/hashes/sha2.js'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { describe, expect, it } from 'vitest'
import type { NodeId, Signature } from '#core/protocol/ids.ts'
import type { Crypto } from '#ports/crypto.ts'

/** RFC 8032, and what libraries disagree about: every back end must accept exactly the same signatures. */
export function strictSignatureContract(name: string, create: () => Crypto): void {
  describe(`${name}: Ed25519`, () => {
    it.each([
      // RFC 8032, 7.1, tests 1 to 3.
      {
        privateKey: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
        publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
        message: '',
        signature:
          'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
      },
      {
        privateKey: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
        publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
        message: '72',
        signature:
          '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
      },
      {
        privateKey: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
        publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
        message: 'af82',
        signature:
          '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
      },
    ])('signs RFC 8032 message "$message"', async ({ privateKey, publicKey, message, signature }) => {
      const crypto = create()
      expect(bytesToHex(crypto.publicKey(hexToBytes(privateKey)))).toBe(publicKey)
      expect(await crypto.sign(hexToBytes(privateKey), hexToBytes(message))).toBe(signature)
      expect(await crypto.verify(publicKey as NodeId, hexToBytes(message), signature as Signature)).toBe(true)
    })

    // What libraries disagree about; each is crafted so that some verifier in use accepts it.
    const { Point } = ed25519
    const order8 = Point.fromHex('c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a')
    const message = new TextEncoder().encode('m')
    const secret = 123_456_789n
    const publicPoint = Point.BASE.multiply(secret)

    function craft(r: InstanceType<typeof Point>, rScalar: bigint, a: InstanceType<typeof Point>, bytes = message) {
      const [rBytes, aBytes] = [r.toBytes(), a.toBytes()]
      const k = Point.Fn.create(littleEndian(sha512(new Uint8Array([...rBytes, ...aBytes, ...bytes]))))
      return { signer: a.toHex() as NodeId, r: bytesToHex(rBytes), s: Point.Fn.create(rScalar + k * secret) }
    }
    const join = (r: string, s: bigint) => (r + bytesToHex(toLittleEndian(s))) as Signature

    it('accepts a signature crafted by the book', async () => {
      const { signer, r, s } = craft(Point.BASE.multiply(77n), 77n, publicPoint)
      expect(await create().verify(signer, message, join(r, s))).toBe(true)
    })

    it('refuses one that holds only after multiplication by the cofactor', async () => {
      const { signer, r, s } = craft(Point.BASE.multiply(77n).add(order8), 77n, publicPoint)
      expect(ed25519.verify(hexToBytes(join(r, s)), message, hexToBytes(signer), { zip215: false })).toBe(true)
      expect(await create().verify(signer, message, join(r, s))).toBe(false)
    })

    it('refuses an R of small order', async () => {
      const { signer, r, s } = craft(Point.ZERO, 0n, publicPoint)
      expect(await create().verify(signer, message, join(r, s))).toBe(false)
    })

    it('refuses an S beyond the group order', async () => {
      const { signer, r, s } = craft(Point.BASE.multiply(77n), 77n, publicPoint)
      expect(await create().verify(signer, message, join(r, s + Point.Fn.ORDER))).toBe(false)
    })

    it('refuses keys of small order and keys that are not canonical', async () => {
      const crypto = create()
      const smallOrder = Array.from({ length: 8 }, (_, index) => order8.multiplyUnsafe(BigInt(index)).toHex())
      const pPlusOne = 'ee' + 'ff'.repeat(30) + '7f'
      for (const key of [...smallOrder, pPlusOne]) {
        // [0]B - [k]A = R for about one k in eight, where A has small order.
        for (const r of smallOrder) expect(await crypto.verify(key as NodeId, message, join(r, 0n))).toBe(false)
      }
    })

    it('judges signatures under a key of mixed order by the equation without cofactor', async () => {
      const crypto = create()
      const mixed = publicPoint.add(order8)
      for (let index = 0; index < 24; index++) {
        const bytes = new Uint8Array([index])
        const r = Point.BASE.multiply(77n)
        const { signer, r: rHex, s } = craft(r, 77n, mixed, bytes)
        const k = Point.Fn.create(littleEndian(sha512(new Uint8Array([...r.toBytes(), ...mixed.toBytes(), ...bytes]))))
        expect(await crypto.verify(signer, bytes, join(rHex, s))).toBe(k % 8n === 0n)
      }
    })
  })
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt('0x' + bytesToHex(Uint8Array.from(bytes).reverse()))
}

function toLittleEndian(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0')).reverse()
}
