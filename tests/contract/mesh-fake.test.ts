import type { NodeId } from '#core/protocol/ids.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'
import { describeMesh, type MeshHarness } from './mesh.contract.ts'

async function createHarness(): Promise<MeshHarness> {
  const clock = createVirtualClock()
  let state = 1
  const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
  const network = createFakeNetwork({ clock, random })
  let joined = 0
  let frames = 0
  const until = async (condition: () => boolean) => {
    for (let step = 0; step < 2_000; step++) {
      if (condition()) return
      await clock.advanceBy(5)
    }
    throw new Error('not within ten seconds of virtual time')
  }
  return {
    deliversResets: true,
    join: async () => network.join((++joined).toString(16).padStart(64, '0') as NodeId),
    frame: () => Uint8Array.of(++frames >> 8, frames),
    until,
    async settle(promise) {
      let settled = false
      const done = () => (settled = true)
      promise.then(done, done)
      await until(() => settled)
      return promise
    },
    dispose: async () => undefined,
  }
}

describeMesh('Mesh in memory', createHarness)
