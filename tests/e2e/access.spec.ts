import AxeBuilder from '@axe-core/playwright'
import type { Page } from '@playwright/test'
import { expect, test, together } from '#support/tabs.ts'

const QUESTION = 'What is the capital of Portugal?'

test('no accessibility finding on a chat with an answer, by day and at dusk', async ({ tabs }) => {
  const [asker] = await tabs.swarm(3)
  const { page } = asker
  await page.emulateMedia({ reducedMotion: 'reduce' })
  await asker.acceptNotice()
  await asker.type(QUESTION)
  await expect(asker.provenance).toContainText('judged')
  await asker.provenance.click()
  await expect(page.getByTestId('download-transcript')).toBeVisible()
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    expect(await findings(page)).toEqual([])
  }
})

test('on a phone, by keyboard alone', async ({ tabs }) => {
  const phone = await tabs.profile({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })
  const [asker, other] = [await phone.open(), await phone.open()]
  await together([asker, other])
  const { page } = asker
  await page.bringToFront()

  await tabTo(page, 'composer')
  await page.keyboard.type(QUESTION)
  await page.keyboard.press('Enter')
  // Sending before the notice was read leads to it.
  await expect(page.getByTestId('notice-accept')).toBeFocused()
  await page.keyboard.press('Enter')
  await expect(asker.answer).not.toBeEmpty()
  await expect(asker.provenance).toContainText('1 answered, 1 judged')

  await tabTo(page, 'provenance')
  await page.keyboard.press('Enter')
  await expect(asker.details).toBeVisible()
  await tabTo(page, 'download-transcript')
  const [download] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')])
  expect(download.suggestedFilename()).toMatch(/^tabswarm-[0-9a-f]{8}\./)

  await expect.poll(() => page.evaluate(() => document.scrollingElement?.scrollWidth)).toBe(390)
  expect(await findings(page)).toEqual([])
})

/** Presses Tab until that element has the focus. */
async function tabTo(page: Page, testId: string): Promise<void> {
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-testid') ?? null)
  for (let presses = 0; presses < 40 && (await focused()) !== testId; presses++) await page.keyboard.press('Tab')
  await expect(page.getByTestId(testId)).toBeFocused()
}

/** What axe finds once everything has faded in: colours in the middle of a transition are nobody's finding. */
async function findings(page: Page): Promise<string[]> {
  // Looked at anew each frame: one transition's end may begin another.
  await page.waitForFunction(() =>
    document
      .getAnimations()
      .every(({ playState, effect }) => playState !== 'running' || effect?.getComputedTiming().endTime === Infinity),
  )
  const { violations } = await new AxeBuilder({ page }).analyze()
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}
