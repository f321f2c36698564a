import type { NodeId } from '#core/protocol/ids.ts'
import { openWindow, type BackTab } from '#support/back-tabs.ts'
import { NO_DIRECT_WAY, type SwarmPage } from '#support/swarm-page.ts'
import { expect, note, test, together } from '#support/tabs.ts'

const QUESTION = 'What is the capital of Portugal?'

const nodeOf = (tab: BackTab) => tab.evaluate<NodeId | null>('window.tabswarm?.status().node ?? null')
const count = (tab: BackTab, name: string) =>
  tab.evaluate<number>(`window.tabswarm.status().counters[${JSON.stringify(name)}] ?? 0`)

/** Resolves when a tab knows another as hidden or visible, or does not know it any more. */
async function knows(tab: SwarmPage, node: NodeId, as: 'visible' | 'hidden' | 'gone'): Promise<void> {
  await tab.page.waitForFunction(
    ({ node, as }) => (window.tabswarm?.peers().find((peer) => peer.node === node)?.visibility ?? 'gone') === as,
    { node, as },
    { timeout: 90_000 },
  )
}

test('AWAY-1: a tab in the background says so and goes on; frozen it leaves, and running again it is back', async ({
  tabs,
  relay,
  browser,
}) => {
  const [asker, other] = await tabs.swarm(2)
  const window = await openWindow(browser)
  const back = await window.open(`${relay.url}/?network=${tabs.network}`)
  await expect.poll(() => nodeOf(back), { timeout: 90_000 }).toBeTruthy()
  const node = (await nodeOf(back)) as NodeId
  await expect.poll(() => back.evaluate('window.tabswarm.status().engine.phase'), { timeout: 90_000 }).toBe('ready')
  await together([asker, other])
  await knows(asker, node, 'visible')

  const hiddenMs = performance.now()
  await window.open('about:blank')
  await knows(asker, node, 'hidden')
  note('hidden, to known as hidden', performance.now() - hiddenMs)
  const answered = await asker.ask(QUESTION)
  note('question to verdict with a hidden tab', answered.tookMs)
  expect(answered.verdict).not.toBeNull()

  const frozenMs = performance.now()
  await back.freeze()
  await knows(asker, node, 'gone')
  note('frozen, to known as gone', performance.now() - frozenMs)
  const without = await asker.ask(QUESTION)
  expect(without.verdict).not.toBeNull()
  expect(without.verdict?.ranking.map((place) => place.node)).not.toContain(node)

  const resumedMs = performance.now()
  await back.resume()
  await knows(asker, node, 'hidden')
  note('running again, to known again', performance.now() - resumedMs)
  expect(await count(back, 'away:returned')).toBe(1)
  await back.show()
  await knows(asker, node, 'visible')
  const again = await back.evaluate<string>(`window.tabswarm.ask(${JSON.stringify(QUESTION)}).then(({ text }) => text)`)
  expect(again).not.toBe('')
  await window.close()
})

test('AWAY-4: offline the page says so and answers by itself; online again the swarm is back', async ({ tabs }) => {
  tabs.excuseLostNetwork()
  const [mine, theirs] = [await tabs.profile(), await tabs.profile()]
  // What Playwright calls offline spares WebRTC, so this one has none.
  await mine.context.addInitScript(NO_DIRECT_WAY)
  const asker = await mine.open()
  const others = [await theirs.open(), await theirs.open()]
  await together([asker, ...others])
  await asker.acceptNotice()

  const offlineMs = performance.now()
  await mine.context.setOffline(true)
  await expect(asker.page.getByTestId('offline')).toBeVisible()
  note('offline, to said so', performance.now() - offlineMs)
  await asker.type(QUESTION)
  await expect(asker.answer).not.toBeEmpty()
  await expect(asker.provenance).toContainText('Not verified: no other tab')

  const onlineMs = performance.now()
  await mine.context.setOffline(false)
  await expect(asker.page.getByTestId('offline')).toHaveCount(0)
  await asker.sees(2)
  note('online, to the swarm in sight', performance.now() - onlineMs)
  expect((await asker.ask(QUESTION)).verdict).not.toBeNull()
})
