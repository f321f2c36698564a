import { expect, test } from 'vitest'
import { decodeEnvelope } from '#core/protocol/envelope.ts'
import { Outbox } from '#shell/outbox.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createFakeStore, type FakeStore } from '#support/fake-store.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const NETWORK = 'test'
const crypto = createFakeCrypto()
const identity = await createFakeProfile('outbox', crypto).openTab().claim()

async function openOutbox(store: FakeStore, wallTimeMs: number) {
  const clock = createVirtualClock({ wallTimeMs })
  const mesh = createFakeNetwork({ clock, random: () => 0.5 }).join(identity.node)
  return Outbox.open({ identity, network: NETWORK, crypto, mesh, store, clock })
}

const sequenceOf = async (outbox: Outbox) => (await outbox.sign({ type: 'node-left' })).sequence

test('ENV-5: sequence numbers begin at the wall clock and grow by one', async () => {
  const outbox = await openOutbox(createFakeStore(), 1_000_000)
  expect([await sequenceOf(outbox), await sequenceOf(outbox)]).toEqual([1_000_000, 1_000_001])
})

test('ENV-5: after a reload no number comes again, even where the wall clock was set back', async () => {
  const store = createFakeStore()
  const before = await openOutbox(store, 1_000_000)
  const used = [await sequenceOf(before), await sequenceOf(before), await sequenceOf(before)]
  const after = await openOutbox(store.reopen(), 5000)
  expect(await sequenceOf(after)).toBeGreaterThan(Math.max(...used))
})

test('ENV-5: a number is reserved on the disk before it is signed with', async () => {
  const store = createFakeStore()
  const outbox = await openOutbox(store, 1_000_000)
  for (let i = 0; i < 1001; i++) {
    const sequence = await sequenceOf(outbox)
    expect(await store.reopen().getSequence(identity.node)).toBeGreaterThan(sequence)
  }
})

test('statements signed at once have numbers of their own', async () => {
  const outbox = await openOutbox(createFakeStore(), 1_000_000)
  const sequences = await Promise.all(Array.from({ length: 20 }, () => sequenceOf(outbox)))
  expect(new Set(sequences).size).toBe(20)
})

test('what is signed decodes to the same statement, in this node’s name', async () => {
  const outbox = await openOutbox(createFakeStore(), 1_000_000)
  const { frame, digest } = await outbox.sign({ type: 'node-left' })
  expect(decodeEnvelope(frame, NETWORK)).toMatchObject({
    ok: true,
    envelope: { digest, from: identity.node, message: { type: 'node-left' } },
  })
})
