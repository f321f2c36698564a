import { expect, test } from 'vitest'
import { decodeEnvelope } from '#core/protocol/envelope.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { shareDecoding } from '#support/shared-decoding.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'
import { Outbox } from '#shell/outbox.ts'

test('equal frames are decoded to the same envelope, as by the decoder itself; other bytes and networks are not', async () => {
  const clock = createVirtualClock()
  const crypto = createFakeCrypto()
  const identity = await createFakeProfile('ann', crypto).openTab().claim()
  const mesh = createFakeNetwork({ clock, random: () => 0.5 }).join(identity.node)
  const outbox = await Outbox.open({ identity, network: 'test', crypto, mesh, store: createFakeStore(), clock })
  const { frame } = await outbox.sign({ type: 'node-left' })
  const decode = shareDecoding()
  const [first, copy] = [decode(frame, 'test'), decode(Uint8Array.from(frame), 'test')]
  expect(first).toEqual(decodeEnvelope(frame, 'test'))
  expect(copy).toBe(first)
  expect(decode(frame, 'other')).not.toBe(first)
  const changed = Uint8Array.from(frame)
  changed[changed.length - 1] = (changed[changed.length - 1] ?? 0) ^ 1
  expect(decode(changed, 'test')).toEqual(decodeEnvelope(changed, 'test'))
  // What a caller does to its bytes afterwards changes nothing that is remembered.
  const before = Uint8Array.from(frame)
  frame.fill(0)
  expect(decode(before, 'test')).toEqual(decodeEnvelope(before, 'test'))
})
