import { expect, test } from 'vitest'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { StreamClosedError } from '#ports/mesh.ts'
import { fetchPresence, fetchSession, serveFetches } from '#shell/fetching.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createDice } from '#support/sim-dice.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const SESSION = '5e'.repeat(16) as SessionId
const [HERE, THERE] = ['a'.repeat(64) as NodeId, 'b'.repeat(64) as NodeId]
const FRAMES = [1, 2, 3].map((byte) => new Uint8Array(1000).fill(byte))

async function openPair() {
  const clock = createVirtualClock()
  const network = createFakeNetwork({ clock, random: createDice(1, 0).fraction })
  const [here, there] = [network.join(HERE), network.join(THERE)]
  serveFetches(there, {
    presence: () => FRAMES.slice(0, 1),
    session: async (session) => (session === SESSION ? FRAMES : []),
  })
  void here.start()
  void there.start()
  await clock.advanceBy(100)
  return { clock, network, here }
}

const outcomeOf = <T>(promise: Promise<T>) =>
  promise.then(
    (value) => value,
    (error: Error) => error,
  )

test('FETCH-1: presence and sessions come whole', async () => {
  const { clock, here } = await openPair()
  const { signal } = new AbortController()
  const asked = Promise.all([
    fetchPresence(here, THERE, signal),
    fetchSession(here, THERE, { session: SESSION, held: [] }, signal),
  ])
  await clock.advanceBy(1000)
  expect(await asked).toEqual([FRAMES.slice(0, 1), FRAMES])
})

test('FETCH-1: a fetch from a node that dies meanwhile ends with its signal', async () => {
  const { clock, network, here } = await openPair()
  const giveUp = new AbortController()
  const asked = outcomeOf(fetchSession(here, THERE, { session: SESSION, held: [] }, giveUp.signal))
  // Far enough for the stream to be open.
  await clock.advanceBy(6)
  network.silence(THERE, true)
  await clock.advanceBy(60_000)
  giveUp.abort()
  expect(await asked).toBeInstanceOf(StreamClosedError)
})
