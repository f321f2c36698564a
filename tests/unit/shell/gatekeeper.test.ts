import { beforeEach, expect, test } from 'vitest'
import * as cbor from '@ipld/dag-cbor'
import { encodeEnvelope } from '#core/protocol/envelope.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import { ENVELOPE_VERSION } from '#core/protocol/version.ts'
import type { Message } from '#core/protocol/messages.ts'
import type { Identity } from '#ports/key-store.ts'
import { Gatekeeper } from '#shell/gatekeeper.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createSilentLogger } from '#support/system-ports.ts'

const NETWORK = 'test'
const crypto = createFakeCrypto()
const alice = await createFakeProfile('alice', crypto).openTab().claim()
const bob = await createFakeProfile('bob', crypto).openTab().claim()

let logger = createSilentLogger()
let gatekeeper = new Gatekeeper({ network: NETWORK, crypto, logger })

beforeEach(() => {
  logger = createSilentLogger()
  gatekeeper = new Gatekeeper({ network: NETWORK, crypto, logger })
})

async function frameOf(
  message: Message,
  { signer = alice, from = signer, sequence = 1, network = NETWORK }: Partial<Options> = {},
): Promise<Uint8Array> {
  const { signedBytes, complete } = encodeEnvelope({ message, sequence, grants: [] }, from.node, network, () => {
    throw new Error('no text here')
  })
  return complete(await crypto.sign(signer.privateKey, signedBytes))
}

interface Options {
  signer: Identity
  from: Identity
  sequence: number
  network: string
}

const LEFT = { type: 'node-left' } as const

const advertised = (certificate: Identity['certificate']): Message => ({
  type: 'node-advertised',
  certificate,
  engines: [],
  visibility: 'visible',
  executes: false,
  verifies: false,
  freeSlots: 0,
  expiresInMs: 1000,
})

test('ENV-2: an honest frame passes, once', async () => {
  const frame = await frameOf(LEFT)
  expect(await gatekeeper.admit(frame)).toMatchObject({ acceptance: 'accept', envelope: { from: alice.node } })
  expect(await gatekeeper.admit(frame)).toEqual({ acceptance: 'ignore', envelope: null })
  expect(logger.counts()).toEqual({ 'dropped:replayed': 1 })
})

test('what was asked for is taken again', async () => {
  const frame = await frameOf(LEFT)
  await gatekeeper.admit(frame)
  expect(await gatekeeper.verify(frame)).toMatchObject({ from: alice.node })
})

const withUnknownType = () =>
  cbor.encode([ENVELOPE_VERSION, new Uint8Array(32), cbor.encode([1, [], ['unheard-of']]), new Uint8Array(64)])

test.each([
  ['oversized', () => new Uint8Array(MAX_FRAME_BYTES + 1)],
  ['undecodable', () => Uint8Array.of(0xff, 0x00)],
  ['schema', () => cbor.encode([ENVELOPE_VERSION])],
  ['unknown-type', withUnknownType],
  // Two keys in the wrong order: {b: 1, a: 1}.
  ['not-canonical', () => Uint8Array.of(0xa2, 0x61, 0x62, 0x01, 0x61, 0x61, 0x01)],
  ['forged', () => frameOf(LEFT, { signer: bob, from: alice })],
  ['forged', () => frameOf(LEFT, { network: 'another' })],
  ['forged-certificate', () => frameOf(advertised(bob.certificate))],
])('ENV-2, ID-3, NET-1: what is %s is refused and counted', async (reason, create) => {
  expect(await gatekeeper.admit(await create())).toEqual({ acceptance: 'reject', envelope: null })
  expect(logger.counts()).toEqual({ [`dropped:${reason}`]: 1 })
})

test('a forged frame does not use up its sequence number', async () => {
  await gatekeeper.admit(await frameOf(LEFT, { signer: bob, from: alice, sequence: 7 }))
  expect(await gatekeeper.admit(await frameOf(LEFT, { sequence: 7 }))).toMatchObject({ acceptance: 'accept' })
})
