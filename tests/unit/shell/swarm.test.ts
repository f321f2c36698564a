import { expect, test } from 'vitest'
import type { SessionId } from '#core/protocol/ids.ts'
import { decodeTranscript } from '#core/session/transcript.ts'
import { openSwarm } from '#support/open-swarm.ts'

/** Some tabs that answer at once, seen from their shells. */
async function openShells(size: number) {
  const { clock, nodes } = await openSwarm(size, { msPerToken: 5 })
  return { clock, shells: nodes.flatMap(({ tab }) => tab?.shell ?? []) }
}

type Swarm = Awaited<ReturnType<typeof openShells>>

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
  const swarm = await openShells(3)
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
  const swarm = await openShells(3)
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
