import type { SwarmPage } from '#support/swarm-page.ts'
import { replayFile } from '#support/tabs-transcript.ts'
import { expect, note, test, together } from '#support/tabs.ts'

const QUESTION = 'What is the capital of Portugal?'

test('an executor and a verifier die in the middle of their work, and the asker is answered', async ({ tabs }) => {
  const [mine, theirs] = [await tabs.profile(), await tabs.profile()]
  const [asker, executor] = [await mine.open(), await mine.open()]
  const judges = [await theirs.open(), await theirs.open()]
  await together([asker, executor, ...judges])
  await warmUp(asker)

  // Own tabs answer where others can judge, so the second one is an executor for certain.
  await executor.holdEngine()
  const first = asker.ask(QUESTION)
  await executor.holds('executor')
  await executor.crash()
  const { text, verdict, tookMs } = await first
  note('executor crashed, question to verdict', tookMs)
  expect(text).not.toBe('')
  expect(verdict?.winner).toBe(await asker.node())
  expect(verdict?.ranking).toHaveLength(1)
  expect(verdict?.independence).toEqual({ independentVerifiers: 2, verifiers: 2 })

  // Two could judge now and one does; when it dies, the other takes its seat, if it joined.
  await Promise.all(judges.map((judge) => judge.holdEngine()))
  const second = asker.ask(QUESTION, { executors: 1, verifiers: 1 })
  const seated = await Promise.race(
    judges.map(async (judge) => {
      await judge.holds('verifier')
      return judge
    }),
  )
  const reserve = judges.find((judge) => judge !== seated) ?? seated
  await seated.crash()
  await reserve.releaseEngine()
  const again = await second
  note('verifier crashed, question to verdict', again.tookMs)
  expect(again.text).not.toBe('')
  const { ok, record } = await replayFile(await asker.transcript(again.sessionId))
  expect(ok).toBe(true)
  const reserveNode = await reserve.node()
  const joined = record?.entries.some(({ from, message }) => from === reserveNode && message.type === 'session-joined')
  const judged = joined ? 1 : 0
  expect(again.verdict?.independence).toEqual({ independentVerifiers: judged, verifiers: judged })
})

test('a leader that is reloaded in the middle shows the finished answer', async ({ tabs }) => {
  const [leader, ...others] = await tabs.swarm(3)
  await leader.acceptNotice()
  await warmUp(leader)
  await Promise.all(others.map((tab) => tab.holdEngine()))
  await leader.page.bringToFront()
  await leader.type(QUESTION)
  await Promise.race(others.map((tab) => tab.holds('executor')))
  const before = await leader.node()
  await expect(leader.draft).toHaveCount(1)

  await leader.page.reload()
  await leader.page.waitForFunction(() => window.tabswarm !== undefined)
  expect(await leader.node()).toBe(before)
  await Promise.all(others.map((tab) => tab.releaseEngine()))
  const reloadedMs = performance.now()
  await expect(leader.page.getByTestId('question')).toHaveText(QUESTION)
  await expect(leader.answer).not.toBeEmpty()
  await expect(leader.provenance).toContainText('judged')
  note('reloaded, to the finished answer', performance.now() - reloadedMs)
  await expect(leader.page.getByTestId('error')).toHaveCount(0)
})

test('a leader that is away to the end finds the answer that the others decided on', async ({ tabs }) => {
  const [leader, ...others] = await tabs.swarm(3)
  await leader.acceptNotice()
  await warmUp(leader)
  await Promise.all(others.map((tab) => tab.holdEngine()))
  await leader.page.bringToFront()
  await leader.type(QUESTION)
  const session = await Promise.race(others.map((tab) => tab.holds('executor')))
  const home = leader.page.url()

  await leader.page.goto('about:blank')
  await Promise.all(others.map((tab) => tab.releaseEngine()))
  // Somebody takes over: the session ends with a verdict although whoever asked is not there.
  await Promise.all(others.map((tab) => tab.rests()))
  for (const tab of others) {
    const { ok, verdict } = await replayFile(await tab.transcript(session))
    expect(ok).toBe(true)
    expect(verdict?.independence.verifiers).toBe(1)
  }

  await leader.page.goto(home)
  const backMs = performance.now()
  await expect(leader.page.getByTestId('question')).toHaveText(QUESTION)
  await expect(leader.answer).not.toBeEmpty()
  await expect(leader.provenance).toContainText('judged')
  note('back, to the answer', performance.now() - backMs)
  // The record is the asker's still, though own tabs that took part share its storage: it opens the texts.
  await leader.provenance.click()
  await expect
    .poll(async () => {
      const [text, won] = await Promise.all([leader.answer.innerText(), leader.details.locator('li.won').innerText()])
      return text.trim() !== '' && won.includes(text.trim())
    }, 'the winning answer is the one shown')
    .toBe(true)
  await expect(leader.page.getByTestId('error')).toHaveCount(0)
})

/** Asks until everybody joins in time, which on a busy machine the first code paths may miss. */
async function warmUp(asker: SwarmPage): Promise<void> {
  await expect.poll(async () => (await asker.ask(QUESTION)).verdict?.ranking.length).toBe(2)
}
