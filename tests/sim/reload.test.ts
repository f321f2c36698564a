import { expect, test } from 'vitest'
import type { SessionId } from '#core/protocol/ids.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createDice } from '#support/sim-dice.ts'
import { SimNode } from '#support/sim-node.ts'
import { Witness } from '#support/sim-witness.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const NETWORK = 'test'

async function openSwarm(size: number) {
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
        engine: { seed: index, msPerToken: 50 },
        decode: witness.decode,
        watch: witness,
      }),
  )
  for (const node of nodes) void node.open()
  await clock.advanceBy(5000)
  const [asker] = nodes
  if (!asker) throw new Error('a swarm has at least one node')
  return { clock, witness, asker, nodes }
}

/** Asks, closes the tab after a while, opens it again, and returns what it is told then. */
async function askAndReload(size: number, reloadAfterMs: number) {
  const { clock, witness, asker } = await openSwarm(size)
  const asked: SessionId[] = []
  const options = { onSession: (id: SessionId) => asked.push(id) }
  void asker.tab?.shell.ask([{ role: 'user', content: 'what is it?' }], options).catch(() => undefined)
  await clock.advanceBy(reloadAfterMs)
  await asker.crash()
  await clock.advanceBy(200)
  void asker.open()
  await clock.settle()
  const [session] = asked
  const answer = session && asker.tab?.shell.resume(session)
  if (!answer) throw new Error('there is nothing to take up')
  const ended = answer.then(
    (value) => value,
    (error: Error) => error,
  )
  await clock.advanceBy(60_000)
  return { answer: await ended, witness }
}

test.each([40, 90, 150, 300, 450])(
  'LEAD-8: an asker reloaded after %i ms shows the swarm’s answer, and contradicts nothing that it said',
  async (reloadAfterMs) => {
    const { answer, witness } = await askAndReload(6, reloadAfterMs)
    expect(answer).toMatchObject({ text: expect.stringContaining('It is'), verdict: expect.anything() })
    expect(witness.violations).toEqual([])
  },
)

test('LEAD-8: an asker that is alone answers itself after a reload, once its model is loaded again', async () => {
  const { answer, witness } = await askAndReload(1, 100)
  expect(answer).toMatchObject({ text: expect.stringContaining('It is'), verdict: null })
  expect(witness.violations).toEqual([])
})
