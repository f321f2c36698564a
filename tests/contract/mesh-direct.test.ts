import '#relay/node20.ts'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { createLibp2pMesh } from '#adapters/libp2p/mesh.ts'
import type { Mesh } from '#ports/mesh.ts'
import { createMemoryHub } from '#support/memory-transport.ts'
import { startRelayProcess, type RelayProcess } from '#support/relay-process.ts'
import { createSilentLogger, createSystemClock } from '#support/system-ports.ts'

/** Direct links in Node: connections in memory take WebRTC's place, all else is the adapter as tabs run it. */

/** A process of its own has to come up; a busy machine takes its time. */
const START_MS = 120_000

let relay: RelayProcess | undefined
beforeAll(async () => {
  relay = await startRelayProcess({ network: 'direct' })
}, START_MS)
afterAll(() => relay?.dispose(), START_MS)

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 90_000, interval: 20 })

const directLinks = (mesh: Mesh) => mesh.state().links.filter(({ kind }) => kind === 'direct')

async function joinAll(count: number): Promise<Mesh[]> {
  const hub = createMemoryHub()
  const meshes = await Promise.all(
    Array.from({ length: count }, () =>
      createLibp2pMesh({
        privateKey: new Uint8Array(randomBytes(32)),
        network: 'direct',
        relays: relay ? [relay.address] : [],
        iceServers: [],
        directTransport: hub.transport,
        clock: createSystemClock(),
        logger: createSilentLogger(),
      }),
    ),
  )
  await Promise.all(meshes.map((mesh) => mesh.start()))
  await until(() => meshes.every((mesh) => directLinks(mesh).length >= Math.min(2, count - 1)))
  return meshes
}

it('pings that overlap cost no link', async () => {
  const [one, other] = await joinAll(2)
  if (!one || !other) throw new Error('two nodes were to join')
  let lost = false
  for (const mesh of [one, other]) mesh.onStateChange((state) => (lost ||= state.links.length === 0))
  other.handle('/echo', 64, async (stream) => {
    for await (const frame of stream.frames) await stream.send(frame)
  })
  // Each of these pings every link and drops those that do not answer.
  for (let times = 0; times < 3; times++) for (const mesh of [one, other]) mesh.wake()
  const stream = await one.open(other.self, '/echo', 64)
  await stream.send(Uint8Array.of(1))
  for await (const frame of stream.frames) {
    expect([...frame]).toEqual([1])
    break
  }
  expect(lost).toBe(false)
  await Promise.all([one.stop(), other.stop()])
})
