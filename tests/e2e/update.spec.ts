import { createPageVersions } from '#support/page-versions.ts'
import { startRelayProcess } from '#support/relay-process.ts'
import type { SwarmPage } from '#support/swarm-page.ts'
import { expect, test } from '#support/tabs.ts'

const QUESTION = 'What is the capital of Portugal?'

// `relay` is named so that the page is built.
test('a new version waits until a tab asks for it, and no tab changes before', async ({ tabs, relay: _built }) => {
  tabs.excuseLostNetwork()
  const versions = await createPageVersions('dist')
  const relay = await startRelayProcess({ network: 'main', staticDir: versions.folder })
  try {
    const { open } = await tabs.profile()
    const first = await open({ relay })
    const second = await open({ relay })
    await Promise.all([first, second].map((tab) => isKept(tab)))
    await first.acceptNotice()
    await second.acceptNotice()

    await versions.deployNext()
    await relay.restart()
    // What the tab has shown so far it goes on with, also after a reload.
    await first.page.reload()
    await expect(updateOf(first)).toBeVisible()
    await expect(updateOf(second)).toBeVisible()
    expect(await Promise.all([first, second].map(versionOf))).toEqual([1, 1])
    await first.page.bringToFront()
    await answers(first, 1)
    await first.page.reload()
    await expect(updateOf(first)).toBeVisible()
    expect(await versionOf(first)).toBe(1)

    await updateOf(first).getByRole('button').click()
    await expect.poll(() => versionOf(first)).toBe(2)
    await expect(first.page.getByTestId('question')).toHaveText(QUESTION)
    await expect(updateOf(first)).toHaveCount(0)
    await expect
      .poll(async () => new Set((await keptBundles(first)).map((path) => /v2\.\w+$/.test(path))))
      .toEqual(new Set([true]))
    await answers(first, 2)

    // The other tab did not ask: it goes on with the old version, also with what it had no need of so far.
    expect(await versionOf(second)).toBe(1)
    await second.page.bringToFront()
    await answers(second, 1)
    await updateOf(second).getByRole('button').click()
    await expect.poll(() => versionOf(second)).toBe(2)
    await second.ready()
  } finally {
    await relay.dispose()
    await versions.remove()
  }
})

const updateOf = (tab: SwarmPage) => tab.page.getByTestId('update')

/** Null in the middle of a navigation. */
const versionOf = (tab: SwarmPage) => tab.page.evaluate(() => window.pageVersion ?? 1).catch(() => null)

/** Asks, and has so many answers then. */
async function answers(tab: SwarmPage, count: number): Promise<void> {
  await tab.ready()
  await expect(tab.answer).toHaveCount(count - 1)
  await tab.type(QUESTION)
  await expect(tab.answer).toHaveCount(count)
  await expect(tab.answer.last()).not.toBeEmpty()
}

/** The page and its engine are in the cache, and the service worker serves this tab. */
async function isKept(tab: SwarmPage): Promise<void> {
  await tab.ready()
  await tab.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await expect.poll(() => keptBundles(tab)).toContainEqual(expect.stringMatching(/\.wasm$/))
}

function keptBundles(tab: SwarmPage): Promise<string[]> {
  return tab.page.evaluate(async () => {
    const requests = await (await caches.open('tabswarm-files')).keys()
    return requests.map(({ url }) => new URL(url).pathname).filter((path) => path.startsWith('/assets/'))
  })
}
