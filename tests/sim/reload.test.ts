import { expect, test } from 'vitest'
import type { SessionId } from '#core/protocol/ids.ts'
import { openSwarm } from '#support/open-swarm.ts'

/** Asks, closes the tab after a while, opens it again, and returns what it is told then. */
async function askAndReload(size: number, reloadAfterMs: number) {
  const { clock, witness, nodes } = await openSwarm(size, { msPerToken: 50 })
  const [asker] = nodes
  if (!asker) throw new Error('a swarm has at least one node')
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
