import { readFile } from 'node:fs/promises'
import type { Page } from '@playwright/test'
import { replayFile, unnoticedFlips } from '#support/tabs-transcript.ts'
import { expect, note, test, together } from '#support/tabs.ts'

const QUESTION = 'What is the capital of Portugal?'

test('three tabs of one profile answer, judge, and prove it', async ({ tabs }) => {
  const { open } = await tabs.profile()
  const openedMs = performance.now()
  const [first, second, third] = [await open(), await open(), await open()]
  await together([first, second, third])
  note('three tabs opened, meshed and with their models', performance.now() - openedMs)
  await expect(second.page.getByTestId('peers-count')).toHaveText('3 tabs')

  // Any tab may ask; this one was neither first nor last.
  await second.page.bringToFront()
  await second.type(QUESTION)
  await expect(second.page.getByTestId('notice-accept')).toBeFocused()
  await expect(second.page.getByTestId('question')).toHaveCount(0)
  const drafts = await recordDrafts(second.page)
  const askedMs = performance.now()
  await second.page.keyboard.press('Enter')
  await expect(second.answer).not.toBeEmpty()
  note('from the question to the verdict', performance.now() - askedMs)
  expect(await drafts()).not.toEqual([])

  await expect(second.provenance).toContainText(/2 (answered|gave the same answer), 1 judged, (won by|scored) 0\./)
  await expect(second.provenance).toContainText('Not independent: your own tabs judged this.')
  await second.provenance.click()
  const matrix = second.details.getByRole('table')
  await expect(matrix.locator('thead th[scope=col]')).toHaveText(['Answer by', /.+/, 'All'])
  await expect(matrix.locator('tbody th[scope=row]')).toHaveCount(2)
  await expect(matrix.locator('tbody td')).toHaveText([/^0\.\d\d$/, /^0\.\d\d$/, /^0\.\d\d$/, /^0\.\d\d$/])
  await expect(second.details).toContainText(/Commitments checked\s*3/)

  const [download] = await Promise.all([
    second.page.waitForEvent('download'),
    second.page.getByTestId('download-transcript').click(),
  ])
  const file = new Uint8Array(await readFile(await download.path()))
  const report = await replayFile(file)
  expect(report.steps.filter((step) => !step.ok)).toEqual([])
  expect(report.ok).toBe(true)
  expect(report.verdict?.independence).toEqual({ independentVerifiers: 0, verifiers: 1 })
  expect(await unnoticedFlips(file, 200)).toEqual([])
})

/** Notes every text that the draft shows. Resolves to a function that tells them. */
async function recordDrafts(page: Page): Promise<() => Promise<string[]>> {
  const seen = await page.evaluateHandle(() => {
    const texts: string[] = []
    const look = () => {
      const text = document.querySelector('[data-testid=draft]')?.textContent?.trim()
      if (text && text !== texts.at(-1)) texts.push(text)
    }
    new MutationObserver(look).observe(document.body, { subtree: true, childList: true, characterData: true })
    return texts
  })
  return () => seen.jsonValue()
}
