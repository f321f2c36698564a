import { startHostileNode } from '#support/hostile-node-process.ts'
import type { SwarmPage } from '#support/swarm-page.ts'
import { expect, test } from '#support/tabs.ts'
import { replayFile } from '#support/tabs-transcript.ts'

const QUESTION = 'What is the capital of Portugal?'

test('a hostile node is heard, counted, and changes nothing', async ({ tabs, relay }) => {
  const [target, victim] = await tabs.swarm(3)
  const { operator } = await victim.status()
  if (operator === null) throw new Error('the victim has no operator')
  const liar = await startHostileNode({
    relay: relay.address,
    network: tabs.network,
    target: await target.node(),
    victim: await victim.node(),
    victimOperator: operator,
  })
  try {
    const before = await countersOf(target)
    expect(before['dropped:forged'] ?? 0).toBe(0)
    await honestSession(target)

    for (const counter of await liar.attack()) {
      await expect.poll(async () => (await countersOf(target))[counter] ?? 0, { message: counter }).toBeGreaterThan(0)
    }
    // Neither did the victim leave, nor did the liar become one of its operator's tabs.
    const peers = await target.peers()
    expect(peers.map(({ node }) => node)).toContain(await victim.node())
    expect(peers.filter(({ own }) => own)).toHaveLength(2)
    await honestSession(victim)

    const replayedBefore = (await countersOf(target))['dropped:replayed'] ?? 0
    const frames = await liar.replay()
    expect(frames).toBeGreaterThan(10)
    await expect.poll(async () => (await countersOf(target))['dropped:replayed'] ?? 0).toBeGreaterThan(replayedBefore)
    await honestSession(target)
  } finally {
    await liar.dispose()
  }
})

const countersOf = async (tab: SwarmPage) => (await tab.status()).counters

async function honestSession(asker: SwarmPage): Promise<void> {
  const { verdict, sessionId } = await asker.ask(QUESTION)
  expect(verdict?.ranking).toHaveLength(2)
  expect((await replayFile(await asker.transcript(sessionId))).ok).toBe(true)
}
