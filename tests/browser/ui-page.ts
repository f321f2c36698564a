import type { Page } from '@playwright/test'
import type { FakeFacade, Scene } from '#support/fake-facade.ts'

/** What the tests of the interface do with their page. */

export type HarnessScene = Scene & { persist?: boolean; startFails?: string }
export const ACCEPTED: Partial<HarnessScene> = { settings: { noticeAccepted: true } }

export async function fake<T>(page: Page, run: (facade: FakeFacade) => T) {
  const facade = await page.evaluateHandle(() => (window as unknown as { fake: FakeFacade }).fake)
  return facade.evaluate(run)
}

/** What the Content-Security-Policy refused, and everything that went to another host. */
export function watch(page: Page) {
  const offences: string[] = []
  page.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) offences.push(message.text())
  })
  page.on('pageerror', (error) => offences.push(error.message))
  page.on('request', (request) => {
    if (!/^(http:\/\/127\.0\.0\.1|blob:|data:)/.test(request.url())) offences.push(request.url())
  })
  return offences
}
