import type { Page } from '@playwright/test'
import { expect, test } from '#support/tabs.ts'
import config from '../../playwright.config.ts'

// Graphics in software: the models with the longest names are offered too.
test.use({
  launchOptions: {
    ...config.use?.launchOptions,
    args: [...(config.use?.launchOptions?.args ?? []), '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  },
})

test('no screen is wider than its window, models of long names included', async ({ tabs }) => {
  const desk = await tabs.profile({ viewport: { width: 1280, height: 800 } })
  const { page: wide } = await desk.open()
  await expect(wide.getByTestId('larger-models')).toContainText('Memory')
  await expect(wide.getByTestId('larger-pick')).toContainText('Ministral')
  expect(await juttingOut(wide)).toEqual([])

  // WCAG 2.2, 1.4.10: no scrolling sideways at 320 CSS pixels.
  const phone = await tabs.profile({ viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true })
  const { page: narrow } = await phone.open()
  for (const [view, shows] of [
    ['Swarm', 'This tab'],
    ['Models', 'Memory'],
    ['You', 'Contribute'],
    ['Chat', 'Ask something'],
  ] as const) {
    await narrow.getByRole('button', { name: view, exact: true }).click()
    await expect(narrow.getByText(shows, { exact: shows === 'Memory' }).first()).toBeVisible()
    expect(await juttingOut(narrow), view).toEqual([])
  }
})

/** What reaches beyond the window, or can be scrolled sideways. */
async function juttingOut(page: Page): Promise<string[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll('body *')]
      .filter((element) => {
        const { left, right, width } = element.getBoundingClientRect()
        const scrolls = ['auto', 'scroll'].includes(getComputedStyle(element).overflowX)
        return (
          (width > 0 && (left < -1 || right > document.documentElement.clientWidth + 1)) ||
          (scrolls && element.scrollWidth > element.clientWidth)
        )
      })
      .map((element) => `${element.tagName}.${element.className}`),
  )
}
