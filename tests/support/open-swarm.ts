import { createFakeCrypto } from './fake-crypto.ts'
import type { FakeEngineOptions } from './fake-engine.ts'
import { createFakeProfile } from './fake-key-store.ts'
import { createFakeNetwork } from './fake-mesh.ts'
import { createDice } from './sim-dice.ts'
import { SimNode, type SimNodeInit } from './sim-node.ts'
import { Witness } from './sim-witness.ts'
import { createVirtualClock } from './virtual-clock.ts'

const NETWORK = 'test'

export interface SwarmOptions extends Pick<SimNodeInit, 'asleep' | 'timersLateMs'> {
  readonly msPerToken: number
  readonly engineOf?: (index: number) => Partial<FakeEngineOptions>
  readonly largerModelsOf?: (index: number) => SimNodeInit['largerModels']
}

/** Tabs of different people on a calm network in virtual time, open and known to each other. */
export async function openSwarm(size: number, { msPerToken, engineOf, largerModelsOf, ...habits }: SwarmOptions) {
  const clock = createVirtualClock()
  const crypto = createFakeCrypto()
  const witness = new Witness(clock, NETWORK)
  const network = createFakeNetwork({ clock, random: createDice(1, 0).fraction })
  const nodes = Array.from(
    { length: size },
    (_, index) =>
      new SimNode({
        name: `node ${index}`,
        profile: createFakeProfile(`owner ${index}`, crypto),
        slot: 0,
        clock,
        network,
        networkName: NETWORK,
        crypto,
        dice: createDice(1, 1 + index),
        link: 'direct',
        engine: { seed: index, msPerToken, ...engineOf?.(index) },
        decode: witness.decode,
        watch: witness,
        largerModels: largerModelsOf?.(index),
        ...habits,
      }),
  )
  for (const node of nodes) void node.open()
  await clock.advanceBy(5000)
  return { clock, network, witness, nodes }
}
