import { assignedOf } from '#core/session/lookup.ts'
import { replayFile } from '#support/tabs-transcript.ts'
import { expect, note, test, together } from '#support/tabs.ts'

test('a tab alone answers, and says that nobody checked', async ({ tabs }) => {
  const [tab] = await tabs.swarm(1)
  await tab.acceptNotice()
  await tab.type('What is the capital of Portugal?')
  await expect(tab.answer).not.toBeEmpty()
  await expect(tab.provenance).toContainText('Not verified: no other tab')
  const { text, verdict } = await tab.ask('What is 47 + 38?')
  expect(text).not.toBe('')
  expect(verdict).toBeNull()
})

test('of two tabs, one answers and the other judges', async ({ tabs }) => {
  const [asker, other] = await tabs.swarm(2)
  const { verdict, sessionId, tookMs } = await asker.ask('What is the capital of Portugal?')
  note('two tabs, question to verdict', tookMs)
  expect(verdict?.winner).toBe(await asker.node())
  expect(verdict?.ranking).toHaveLength(1)
  expect(verdict?.independence).toEqual({ independentVerifiers: 0, verifiers: 1 })
  expect(verdict?.doubtful).toContain('one-verifier')
  const { ok, record } = await replayFile(await asker.transcript(sessionId))
  expect(ok).toBe(true)
  expect(record && assignedOf(record)?.message.verifiers).toEqual([await other.node()])
})

test('five tabs of two profiles keep their sides apart', async ({ tabs }) => {
  const [mine, theirs] = [await tabs.profile(), await tabs.profile()]
  const [asker, second] = [await mine.open(), await mine.open()]
  const [stranger, ...strangers] = [await theirs.open(), await theirs.open(), await theirs.open()]
  const own = [asker, second]
  const foreign = [stranger, ...strangers]
  await together([...own, ...foreign])
  const ownNodes = await Promise.all(own.map((tab) => tab.node()))
  const foreignNodes = await Promise.all(foreign.map((tab) => tab.node()))

  const { verdict, sessionId, tookMs } = await asker.ask('What is the capital of Portugal?')
  note('five tabs, question to verdict', tookMs)
  expect(verdict?.independence).toEqual({ independentVerifiers: 2, verifiers: 2 })
  const { ok, record } = await replayFile(await asker.transcript(sessionId))
  expect(ok).toBe(true)
  const roles = record && assignedOf(record)?.message
  expect([...(roles?.executors ?? [])].sort()).toEqual([...ownNodes].sort())
  expect(roles?.verifiers.every((node) => foreignNodes.includes(node))).toBe(true)

  // Who holds no key keeps a transcript that proves the verdict and shows no text.
  const witness = foreign.find((_, index) => foreignNodes[index] === roles?.verifiers[0]) ?? stranger
  const sealed = await replayFile(await witness.transcript(sessionId))
  expect(sealed.ok).toBe(true)
  expect(sealed.verdict).toEqual(verdict)
  expect(sealed.steps.find(({ name }) => name === 'texts')?.detail).toContain('stay sealed')

  // The other side asks as well: now its own tabs answer and ours judge.
  const back = await stranger.ask('What is 47 + 38?')
  expect(back.verdict?.independence).toEqual({ independentVerifiers: 2, verifiers: 2 })
  expect(back.verdict?.ranking.every(({ node }) => foreignNodes.includes(node))).toBe(true)
})

test('two tabs that ask at once both get verdicts', async ({ tabs }) => {
  const swarm = await tabs.swarm(3)
  const [first, second] = swarm
  const sessions = await Promise.all(
    [first, second].map(async (asker) => {
      const { text, verdict, sessionId } = await asker.ask('What is the capital of Portugal?')
      expect(text).not.toBe('')
      expect(verdict?.winner).toBeTruthy()
      expect((await replayFile(await asker.transcript(sessionId))).ok).toBe(true)
      return sessionId
    }),
  )
  expect(new Set(sessions).size).toBe(2)
  await Promise.all(swarm.map((tab) => tab.rests()))
})
