import '#relay/node20.ts'
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { createLibp2pMesh } from '#adapters/libp2p/mesh.ts'
import type { Mesh } from '#ports/mesh.ts'
import { startRelayProcess, type RelayProcess } from '#support/relay-process.ts'
import { createFrameWriter, type FrameWriter } from '#support/signed-frames.ts'
import { createSystemClock, createSilentLogger } from '#support/system-ports.ts'
import { describeMesh, type MeshHarness } from './mesh.contract.ts'

/**
 * In Node, every node takes part through the relay: what two tabs without a direct link to each other do. Direct links
 * need a browser (tests/browser/mesh).
 */
describe('over a relay process', () => {
  let relay: RelayProcess
  let networks = 0

  beforeAll(async () => {
    relay = await startRelayProcess({ network: 'contract' })
  })
  afterAll(() => relay.dispose())

  function createHarness(network: string): MeshHarness {
    const writers = new Map<Mesh, { writer: FrameWriter; sequence: number }>()
    const until = (condition: () => boolean) =>
      vi.waitFor(() => expect(condition()).toBe(true), { timeout: 45_000, interval: 10 })
    return {
      // @libp2p/webrtc closes a channel at once after it sent the reset.
      deliversResets: false,
      async join() {
        const writer = createFrameWriter(randomBytes(32), network)
        const mesh = await createLibp2pMesh({
          privateKey: writer.privateKey,
          network,
          relays: [relay.address],
          iceServers: [],
          direct: false,
          clock: createSystemClock(),
          logger: createSilentLogger(),
        })
        writers.set(mesh, { writer, sequence: 0 })
        return mesh
      },
      frame(from) {
        const entry = writers.get(from)
        if (!entry) throw new Error('not a mesh of this harness')
        return entry.writer.frame(entry.sequence++)
      },
      until,
      settle: (promise) => promise,
      dispose: async () => undefined,
    }
  }

  // A network of its own for each test: what one leaves behind at the relay does not reach the next.
  describeMesh('Mesh over libp2p', async () => createHarness(`contract-${networks++}`))

  it('networks of different names on one relay never hear each other', async () => {
    const [left, right] = [createHarness('left'), createHarness('right')]
    const meshes = await Promise.all([left.join(), left.join(), right.join(), right.join()])
    const heard: number[] = []
    for (const [index, mesh] of meshes.entries()) {
      mesh.subscribe(
        async () => 'accept',
        () => heard.push(index),
      )
    }
    await Promise.all(meshes.map((mesh) => mesh.start()))
    await left.until(() => meshes.every((mesh) => mesh.state().links.length === 1))
    await meshes[0]?.publish(left.frame(meshes[0]))
    await meshes[2]?.publish(right.frame(meshes[2]))
    await left.until(() => heard.includes(1) && heard.includes(3))
    expect(heard).toHaveLength(2)
    expect(meshes.map((mesh) => mesh.state().links.length)).toEqual([1, 1, 1, 1])
    await Promise.all(meshes.map((mesh) => mesh.stop()))
  })

  it('finds a relay again that died and came back', async () => {
    const harness = createHarness('comeback')
    const meshes = await Promise.all([harness.join(), harness.join()])
    await Promise.all(meshes.map((mesh) => mesh.start()))
    await harness.until(() => meshes.every((mesh) => mesh.state().links.length === 1))
    await relay.kill()
    await harness.until(() => meshes.every((mesh) => mesh.state().relay !== 'connected'))
    expect(meshes.map((mesh) => mesh.state().links)).toEqual([[], []])
    await relay.restart()
    for (const mesh of meshes) mesh.wake()
    await harness.until(() => meshes.every((mesh) => mesh.state().links.length === 1))
    await Promise.all(meshes.map((mesh) => mesh.stop()))
  })
})
