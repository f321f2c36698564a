import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { fake } from './ui-page.ts'
import { serveInterface } from './ui-server.ts'

/** A question before it is asked: others of this tab come first, or everybody else is busy (SPEC LEAD-9, LEAD-10). */

let server: Awaited<ReturnType<typeof serveInterface>>
test.beforeAll(async () => {
  server = await serveInterface()
})
test.afterAll(() => server.close())

const QUESTION = 'Why do starlings turn together?'
const BUSY = 'Waiting: everybody is busy'

async function open(page: Page, waitsFor: 'busy' | 'turn') {
  const scene = { peers: 4, persist: true, waitsFor, settings: { noticeAccepted: true } }
  await page.goto(`${server.url}#${encodeURIComponent(JSON.stringify(scene))}`)
  await page.getByTestId('composer').fill(QUESTION)
  await page.keyboard.press('Enter')
}

const askedIn = (page: Page) => fake(page, (facade) => facade.asked.length)

test('LEAD-9 a question that waits says for whom, and is answered when its turn has come', async ({ page }) => {
  await open(page, 'busy')
  await expect(page.getByTestId('provenance')).toHaveText(BUSY)
  await expect(page.getByTestId('draft').locator('xpath=..')).toHaveAttribute('aria-busy', 'true')
  expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
  expect(await askedIn(page)).toBe(0)
  await fake(page, (facade) => facade.release())
  await expect(page.getByTestId('answer')).toContainText('seven')
  await expect(page.getByText(BUSY)).toHaveCount(0)
})

test('LEAD-10 a question behind others of this tab says so', async ({ page }) => {
  await open(page, 'turn')
  await expect(page.getByTestId('provenance')).toHaveText('Waiting: your other questions come first')
})

test('LEAD-9 a question that waits can be stopped', async ({ page }) => {
  await open(page, 'busy')
  await expect(page.getByTestId('provenance')).toHaveText(BUSY)
  await page.getByTestId('stop').click()
  await expect(page.getByText('Stopped').first()).toBeVisible()
  await expect(page.getByText(BUSY)).toHaveCount(0)
  expect(await askedIn(page)).toBe(0)
})

test('LEAD-13 a question that waits is not lost by a reload', async ({ page }) => {
  await open(page, 'busy')
  await expect(page.getByTestId('provenance')).toHaveText(BUSY)
  await page.reload()
  await expect(page.getByTestId('question')).toHaveText(QUESTION)
  await expect(page.getByTestId('provenance')).toHaveText(BUSY)
  await fake(page, (facade) => facade.release())
  await expect(page.getByTestId('answer')).toContainText('seven')
  expect(await fake(page, (facade) => facade.asked)).toEqual([[{ role: 'user', content: QUESTION }]])
  await page.reload()
  await expect(page.getByTestId('answer')).toContainText('seven')
  expect(await askedIn(page)).toBe(0)
})
