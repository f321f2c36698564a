import { expect, test } from 'vitest'
import type { SessionId } from '#core/protocol/ids.ts'
import { decodeTranscript } from '#core/session/transcript.ts'
import { createFakeCrypto } from '#support/fake-crypto.ts'
import { createFakeProfile } from '#support/fake-key-store.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createDice } from '#support/sim-dice.ts'
import { SimNode } from '#support/sim-node.ts'
import { Witness } from '#support/sim-witness.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const NETWORK = 'test'

/** Some tabs of different people, open and known to each other. */
async function openSwarm(size: number) {
  const clock = createVirtualClock()
  const crypto = createFakeCrypto()
  const witness = new Witness(clock, NETWORK)
  const network = createFakeNetwork({ clock, random: createDice(1, 0).fraction })
  const nodes = Array.from({ length: size }, (_, index) => {
    return new SimNode({
      name: `node ${index}`,
      profile: createFakeProfile(`owner ${index}`, crypto),
      slot: 0,
      clock,
      network,
      networkName: NETWORK,
      crypto,
      dice: createDice(1, 1 + index),
      link: 'direct',
      engine: { seed: index, msPerToken: 5 },
      decode: witness.decode,
      watch: witness,
    })
  })
  for (const node of nodes) void node.open()
  await clock.advanceBy(5000)
  const shells = nodes.flatMap(({ tab }) => tab?.shell ?? [])
  return { clock, shells }
}

type Swarm = Awaited<ReturnType<typeof openSwarm>>

async function ask({ clock, shells }: Swarm) {
  const asked = shells[0]?.ask([{ role: 'user', content: 'what is it?' }])
  await clock.advanceBy(30_000)
  const answer = await asked
  if (!answer) throw new Error('nobody to ask')
  return answer
}

const transcriptOf = async (swarm: Swarm, index: number, session: SessionId) => {
  const file = await swarm.shells[index]?.transcript(session)
  const decoded = file && decodeTranscript(file.bytes)
  return decoded?.ok ? decoded.transcript : null
}

test('TR-2: only the asker’s own export holds the key, and so the texts', async () => {
  const swarm = await openSwarm(3)
  const { session, verdict } = await ask(swarm)
  expect(verdict).not.toBeNull()
  expect((await transcriptOf(swarm, 0, session))?.sessionKey).toHaveLength(32)
  for (const index of [1, 2]) {
    const transcript = await transcriptOf(swarm, index, session)
    expect(transcript?.frames.length).toBeGreaterThan(0)
    expect(transcript?.sessionKey).toBeNull()
  }
})

test.each([
  ['does not contribute', { contribute: false }],
  ['keeps to its own device', { onlyThisDevice: true }],
])('JOIN-2: a tab that %s has no part in others’ sessions, invited or not', async (_, settings) => {
  const swarm = await openSwarm(3)
  // The others invite it all the same: its word has not reached them yet.
  const asked = swarm.shells[2]
    ?.changeSettings(settings)
    .then(() => swarm.shells[0]?.ask([{ role: 'user', content: 'what?' }]))
  await swarm.clock.advanceBy(30_000)
  const { self, view } = { self: swarm.shells[2]?.status(), view: (await asked)?.view }
  expect(view?.outcome).toBe('answered')
  expect(view?.joined).not.toContain(self?.node)
  expect(view?.joined).toHaveLength(2)
  expect(self?.counters['declined:does-not-contribute']).toBe(1)
})
