import { beforeEach, expect, test } from 'vitest'
import { decodeEnvelope, type Envelope } from '#core/protocol/envelope.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import type { MessageOf } from '#core/protocol/messages.ts'
import { Outbox } from '#shell/outbox.ts'
import { PresenceDesk } from '#shell/presence-desk.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeNetwork, type FakeNetwork } from '#support/fake-mesh.ts'
import { createFakeStore } from '#support/fake-store.ts'
import { createSilentLogger } from '#support/system-ports.ts'
import { createVirtualClock, type VirtualClock } from '#support/virtual-clock.ts'

const NETWORK = 'test'
const LISTENER = 'ff'.repeat(32) as NodeId
const crypto = createFakeCrypto()

let clock: VirtualClock
let network: FakeNetwork
let desk: PresenceDesk
let self: NodeId
/** Types of what this node has published, as another node heard them. */
let published: string[]
let gone: NodeId[]
let failing: boolean

beforeEach(async () => {
  clock = createVirtualClock()
  network = createFakeNetwork({ clock, random: () => 0.5 })
  const identity = await identityOf('self')
  const mesh = network.join(identity.node)
  const listener = network.join(LISTENER)
  published = []
  listener.subscribe(
    async () => 'accept',
    (frame) => published.push(readFrame(frame)),
  )
  await Promise.all([mesh.start(), listener.start()])
  const outbox = await Outbox.open({ identity, network: NETWORK, crypto, mesh, store: createFakeStore(), clock })
  self = identity.node
  gone = []
  failing = false
  desk = new PresenceDesk({
    clock,
    outbox,
    logger: createSilentLogger(),
    describeSelf() {
      if (failing) throw new Error('not just now')
      return aboutNode(identity.certificate)
    },
    onChange: () => undefined,
    onGone: (node) => gone.push(node),
  })
})

const identityOf = (name: string) => createFakeProfile(name, crypto).openTab().claim()

const readFrame = (frame: Uint8Array) => {
  const decoded = decodeEnvelope(frame, NETWORK)
  return decoded.ok ? decoded.envelope.message.type : decoded.reason
}

const aboutNode = (certificate: MessageOf<'node-advertised'>['certificate']) => ({
  certificate,
  engines: [],
  visibility: 'visible' as const,
  executes: true,
  verifies: true,
  freeSlots: 1,
})

interface Peer {
  readonly node: NodeId
  /** Says that it is there. */
  announce(expiresInMs?: number): Promise<Heard>
  leave(): Promise<Envelope>
}
interface Heard {
  readonly envelope: Envelope
  readonly said: MessageOf<'node-advertised'>
}

async function createPeer(name: string): Promise<Peer> {
  const identity = await identityOf(name)
  const outbox = await Outbox.open({
    identity,
    network: NETWORK,
    crypto,
    mesh: createFakeNetwork({ clock, random: () => 0.5 }).join(identity.node),
    store: createFakeStore(),
    clock,
  })
  return {
    node: identity.node,
    async announce(expiresInMs = 60_000) {
      const said = { type: 'node-advertised' as const, expiresInMs, ...aboutNode(identity.certificate) }
      return { envelope: await outbox.sign(said), said }
    },
    leave: () => outbox.sign({ type: 'node-left' }),
  }
}

const hear = ({ envelope, said }: Heard) => desk.hear(envelope, said)
const present = () => desk.present.map(({ node }) => node)
const HEARTBEAT = 'node-advertised'

test('PRES-1: several reasons at once make one announcement, and it is repeated every 20 s', async () => {
  for (let reason = 0; reason < 5; reason++) desk.announce()
  await clock.advanceBy(1000)
  expect(published).toEqual([HEARTBEAT])
  await clock.advanceBy(60_000)
  expect(published).toEqual(Array(4).fill(HEARTBEAT))
})

test('PRES-1: a newcomer is answered with an announcement, a known node is not', async () => {
  const peer = await createPeer('ann')
  hear(await peer.announce())
  await clock.advanceBy(1000)
  expect(published).toEqual([HEARTBEAT])
  hear(await peer.announce())
  await clock.advanceBy(1000)
  expect(published).toEqual([HEARTBEAT])
  expect(present()).toEqual([peer.node])
})

test('PRES-1: in a large network the nodes nearest to a newcomer answer it, the others do not', async () => {
  const { envelope, said } = await (await createPeer('ann')).announce()
  const crowd = Array.from({ length: 200 }, (_, index) => nodeOf(index))
  for (const from of crowd) hear({ envelope: { ...envelope, from }, said })
  await clock.advanceBy(19_000)
  const before = published.length
  const bit = 2 ** 24
  const near = (Number.parseInt(self.slice(0, 8), 16) ^ bit) >>> 0
  hear({ envelope: { ...envelope, from: (near.toString(16).padStart(8, '0') + '0'.repeat(56)) as NodeId }, said })
  await clock.advanceBy(100)
  const answered = published.length
  hear({ envelope: { ...envelope, from: nodeOf(1000) }, said })
  await clock.advanceBy(100)
  expect([answered - before, published.length - answered]).toEqual([1, 0])
})

test('PRES-1: the larger the network, the less often a node announces itself, and the longer that holds', async () => {
  const { envelope, said } = await (await createPeer('ann')).announce()
  const crowd = (count: number) => {
    for (let index = 0; index < count; index++) {
      hear({ envelope: { ...envelope, from: nodeOf(index) }, said: { ...said, expiresInMs: 300_000 } })
    }
  }
  crowd(100)
  desk.announce()
  await clock.advanceBy(10_000)
  const before = published.length
  await clock.advanceBy(100_000)
  expect(published.length - before).toBe(2)
  const [frame] = desk.frames
  const decoded = decodeEnvelope(frame ?? new Uint8Array(), NETWORK)
  if (!decoded.ok) throw new Error(decoded.reason)
  expect(decoded.envelope.message).toMatchObject({ expiresInMs: 150_000 })
})

test('PRES-1, PRES-3: an announcement holds for as long as it says from its receipt, unless it is renewed', async () => {
  const [renewed, silent] = [await createPeer('ann'), await createPeer('bob')]
  hear(await renewed.announce(10_000))
  hear(await silent.announce(10_000))
  await clock.advanceBy(9000)
  hear(await renewed.announce(10_000))
  await clock.advanceBy(1500)
  expect(gone).toEqual([silent.node])
  expect(present()).toEqual([renewed.node])
  await clock.advanceBy(20_000)
  expect(gone).toEqual([silent.node, renewed.node])
  expect(present()).toEqual([])
})

test('PRES-2: an older announcement that comes late changes and prolongs nothing', async () => {
  const peer = await createPeer('ann')
  const older = await peer.announce(60_000)
  const newer = await peer.announce(5000)
  hear(newer)
  hear(older)
  hear(newer)
  expect(desk.frames).toEqual([newer.envelope.frame])
  await clock.advanceBy(6000)
  expect(gone).toEqual([peer.node])
})

test('PRES-1: of a burst of newcomers the first few are answered one by one, the others together', async () => {
  // All of them next to this node, so that none is left to others.
  const nearSelf = (index: number) => (self.slice(0, 8) + nodeOf(index).slice(8)) as NodeId
  const { envelope, said } = await (await createPeer('ann')).announce()
  for (let index = 0; index < 1000; index++) {
    hear({ envelope: { ...envelope, from: nearSelf(index) }, said })
    await clock.advanceBy(10)
  }
  // Four at once, and one more in each 2 s of the ten.
  expect(published.length).toBeGreaterThanOrEqual(8)
  expect(published.length).toBeLessThanOrEqual(9)
  // The last ones are not forgotten, and who comes after a rest is answered at once.
  await clock.advanceBy(2000)
  const after = published.length
  await clock.advanceBy(10_000)
  hear({ envelope: { ...envelope, from: nearSelf(1000) }, said })
  await clock.advanceBy(100)
  expect(published).toHaveLength(after + 1)
})

test('PRES-2: what a node said before its goodbye, or before an announcement that ran out, does not bring it back', async () => {
  const [ann, bob] = [await createPeer('ann'), await createPeer('bob')]
  const before = [await ann.announce(), await bob.announce(5000)]
  const left = await ann.leave()
  for (const heard of before) hear(heard)
  desk.hearLeft(left)
  await clock.advanceBy(6000)
  expect(gone).toEqual([ann.node, bob.node])
  for (const heard of before) hear(heard)
  expect(present()).toEqual([])
  hear(await ann.announce())
  hear(await bob.announce())
  expect(present()).toEqual([ann.node, bob.node])
  // Nor does an old goodbye end what was announced since.
  desk.hearLeft(left)
  expect(present()).toEqual([ann.node, bob.node])
})

test('PRES-2: a goodbye that overtakes its announcement counts', async () => {
  const peer = await createPeer('ann')
  const announced = await peer.announce()
  desk.hearLeft(await peer.leave())
  hear(announced)
  expect(present()).toEqual([])
})

test('PRES-3: who was given up wrongly is there again with the word that is known', async () => {
  const peer = await createPeer('ann')
  const announced = await peer.announce()
  hear(announced)
  desk.lose(peer.node)
  hear(announced)
  expect(present()).toEqual([peer.node])
})

test('PRES-3: who leaves is gone at once, and told of once', async () => {
  const peer = await createPeer('ann')
  hear(await peer.announce())
  desk.hearLeft(await peer.leave())
  desk.lose(peer.node)
  desk.lose('99'.repeat(32) as NodeId)
  expect(gone).toEqual([peer.node])
  expect(desk.has(peer.node)).toBe(false)
  await clock.advanceBy(120_000)
  expect(gone).toEqual([peer.node])
})

test('who comes back is there again, and a newcomer once more', async () => {
  const peer = await createPeer('ann')
  hear(await peer.announce())
  await clock.advanceBy(1000)
  desk.lose(peer.node)
  hear(await peer.announce())
  await clock.advanceBy(1000)
  expect(present()).toEqual([peer.node])
  expect(published).toEqual([HEARTBEAT, HEARTBEAT])
})

test('a node’s own announcement, thrown back at it, does not make it its own peer', async () => {
  desk.announce()
  await clock.advanceBy(1000)
  const [frame] = desk.frames
  const decoded = decodeEnvelope(frame ?? new Uint8Array(), NETWORK)
  if (!decoded.ok || decoded.envelope.message.type !== 'node-advertised') throw new Error('no announcement')
  expect(decoded.envelope.from).toBe(self)
  desk.hear(decoded.envelope, decoded.envelope.message)
  expect(present()).toEqual([])
})

test('a newcomer is given this node’s own announcement first, then who is there, and nobody who is gone', async () => {
  const [ann, bob] = [await createPeer('ann'), await createPeer('bob')]
  desk.announce()
  await clock.advanceBy(1000)
  const [own] = desk.frames
  const [fromAnn, fromBob] = [await ann.announce(), await bob.announce()]
  hear(fromAnn)
  hear(fromBob)
  expect(desk.frames).toEqual([own, fromAnn.envelope.frame, fromBob.envelope.frame])
  desk.lose(ann.node)
  expect(desk.frames).toEqual([own, fromBob.envelope.frame])
})

test('a crowd of invented nodes is bounded, in what is known and in what is kept for others', async () => {
  const { envelope, said } = await (await createPeer('ann')).announce()
  const first = nodeOf(0)
  hear({ envelope: { ...envelope, from: first }, said })
  await clock.advanceBy(1000)
  for (let index = 1; index < 1100; index++) hear({ envelope: { ...envelope, from: nodeOf(index) }, said })
  await clock.advanceBy(1000)
  expect(desk.present).toHaveLength(1024)
  expect(desk.has(first)).toBe(false)
  expect(desk.has(nodeOf(1099))).toBe(true)
  // This node's own announcement is one more.
  expect(desk.frames).toHaveLength(1025)
})

test('an announcement that fails is made again at the next heartbeat', async () => {
  failing = true
  desk.announce()
  await clock.advanceBy(1000)
  expect(published).toEqual([])
  failing = false
  await clock.advanceBy(20_000)
  expect(published).toEqual([HEARTBEAT])
})

test('a goodbye is the last word: no announcement follows, whatever comes', async () => {
  const peer = await createPeer('ann')
  desk.announce()
  await clock.advanceBy(1000)
  desk.announce()
  await desk.sayGoodbye()
  desk.announce()
  hear(await peer.announce())
  await clock.advanceBy(120_000)
  expect(published).toEqual([HEARTBEAT, 'node-left'])
  expect(clock.pending).toBe(0)
})

test('AWAY-1: who comes back after its goodbye announces itself, and goes on as before', async () => {
  const peer = await createPeer('ann')
  hear(await peer.announce(15_000))
  await desk.sayGoodbye()
  await clock.advanceBy(20_000)
  desk.comeBack()
  expect(gone).toEqual([peer.node])
  await clock.advanceBy(25_000)
  expect(published).toEqual(['node-left', HEARTBEAT, HEARTBEAT])
})

test('AWAY-3: after a standstill others have 10 s to say that they are still there', async () => {
  const [still, left] = [await createPeer('ann'), await createPeer('bob')]
  hear(await still.announce(60_000))
  hear(await left.announce(60_000))
  desk.stoodStill(600_000)
  await clock.advanceBy(9000)
  expect(published).toEqual([HEARTBEAT])
  hear(await still.announce(60_000))
  await clock.advanceBy(1000)
  expect(gone).toEqual([left.node])
  // Who had less than that to live before is not given more, and a short standstill takes no more than it lasted.
  hear(await left.announce(3000))
  desk.stoodStill(20_000)
  await clock.advanceBy(3000)
  expect(gone).toEqual([left.node, left.node])
  await clock.advanceBy(35_000)
  expect(present()).toEqual([still.node])
})

const nodeOf = (index: number) => index.toString(16).padStart(64, '0') as NodeId
