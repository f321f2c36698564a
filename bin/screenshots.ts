import { mkdir } from 'node:fs/promises'
import { chromium, type BrowserContextOptions, type Page } from '@playwright/test'
import { startRelayProcess } from '#support/relay-process.ts'
import { findBrowser } from './browser.ts'
import { buildIfStale } from './build.ts'

/** `npm run screenshots`: a real swarm of three tabs answers, and its pictures go to docs/screenshots. */

const FOLDER = 'docs/screenshots'
const QUESTION = 'What is the capital of Portugal?'

const VIEWS: Readonly<Record<string, BrowserContextOptions>> = {
  'desktop-light': { viewport: { width: 1280, height: 800 }, colorScheme: 'light', reducedMotion: 'reduce' },
  'desktop-dark': { viewport: { width: 1280, height: 800 }, colorScheme: 'dark', reducedMotion: 'reduce' },
  'phone-light': {
    viewport: { width: 390, height: 844 },
    colorScheme: 'light',
    reducedMotion: 'reduce',
    hasTouch: true,
  },
  'phone-dark': { viewport: { width: 390, height: 844 }, colorScheme: 'dark', reducedMotion: 'reduce', hasTouch: true },
}

await buildIfStale({ say: (line) => console.log(line) })
await mkdir(FOLDER, { recursive: true })
const relay = await startRelayProcess({ network: 'main', staticDir: 'dist' })
const browser = await chromium.launch({
  args: ['--no-sandbox', '--disable-features=WebRtcHideLocalIpsWithMdns'],
  executablePath: findBrowser() ?? chromium.executablePath(),
})
try {
  for (const [view, options] of Object.entries(VIEWS)) {
    const context = await browser.newContext(options)
    const pages: Page[] = []
    for (let i = 0; i < 3; i++) {
      const page = await context.newPage()
      await page.goto(`${relay.url}/?network=pictures-${view}`)
      pages.push(page)
    }
    for (const page of pages) await page.waitForFunction(hasCompany, undefined, { timeout: 120_000 })
    const [page] = pages
    if (!page) continue
    await page.bringToFront()
    await page.getByTestId('composer').fill(QUESTION)
    await page.keyboard.press('Enter')
    await page.getByTestId('notice-accept').click()
    await page.waitForFunction(() => window.tabswarm?.status().roles.length === 0)
    await page.getByTestId('answer').waitFor({ timeout: 120_000 })
    await page
      .getByText(/judged/)
      .first()
      .waitFor({ timeout: 120_000 })
    await page.screenshot({ path: `${FOLDER}/answer-${view}.png` })
    await page.getByTestId('provenance').click()
    await page.getByTestId('details').waitFor()
    await page.screenshot({ path: `${FOLDER}/chat-${view}.png` })
    console.log(`${FOLDER}/{answer,chat}-${view}.png`)
    await context.close()
  }
} finally {
  await browser.close()
  await relay.dispose()
}

/** Runs in the page. */
function hasCompany(): boolean {
  const served = window.tabswarm?.peers().filter((peer) => peer.engines.length > 0) ?? []
  return served.length === 2 && window.tabswarm?.status().engine.phase === 'ready'
}
