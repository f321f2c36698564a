import { fileURLToPath } from 'node:url'
import { chromium, type Browser, type BrowserContext, type Page } from '@playwright/test'
import { build } from 'vite'
import { startRelayProcess } from '#support/relay-process.ts'
import type { PageObject } from '../src/page-object.ts'
import playwrightConfig from '../playwright.config.ts'

declare global {
  interface Window {
    tabswarm?: PageObject
  }
}

const OUT = '.cache/bench-page'

/** On a loaded machine; a measurement that waits for something ends with the event, not with this. */
const DEADLINE_MS = 150_000

export async function buildBenchPage(): Promise<void> {
  const configFile = fileURLToPath(new URL('./page/vite.config.ts', import.meta.url))
  await build({ configFile, logLevel: 'error' })
}

/** A relay process of its own that serves the page, and one browser. */
export interface Stage {
  readonly browser: Browser
  /** The page's address, with the engine that it shall have. */
  address(engine: 'instant' | 'model'): string
  close(): Promise<void>
}

export async function openStage(network: string): Promise<Stage> {
  const relay = await startRelayProcess({ network, staticDir: OUT })
  const browser = await chromium.launch(playwrightConfig.use?.launchOptions ?? {})
  return {
    browser,
    address: (engine) => `${relay.url}/?engine=${engine}`,
    async close() {
      await browser.close()
      await relay.dispose()
    },
  }
}

/** Opens a tab and waits until its node is up. */
export async function openTab(context: BrowserContext, address: string): Promise<Page> {
  const page = await context.newPage()
  await page.goto(address)
  await page.waitForFunction(() => window.tabswarm !== undefined, null, { timeout: DEADLINE_MS })
  return page
}

/** So many tabs, each of a browser profile of its own. Resolves when all see each other with their models. */
export async function openSwarm(stage: Stage, address: string, tabs: number): Promise<Page[]> {
  const pages: Page[] = []
  while (pages.length < tabs) pages.push(await openTab(await stage.browser.newContext(), address))
  await together(pages)
  return pages
}

/** Resolves when every tab has its model, sees all others with theirs, and has the direct links that keep it in the mesh. */
export async function together(pages: readonly Page[]): Promise<void> {
  const others = pages.length - 1
  await Promise.all(
    pages.map((page) =>
      page.waitForFunction(
        ({ others, links }) => {
          const { tabswarm } = window
          if (tabswarm?.status().engine.phase !== 'ready') return false
          const direct = tabswarm.status().mesh.links.filter(({ kind }) => kind === 'direct')
          return direct.length >= links && tabswarm.peers().filter(({ engines }) => engines.length > 0).length >= others
        },
        { others, links: Math.min(2, others) },
        { timeout: DEADLINE_MS, polling: 100 },
      ),
    ),
  )
}

/** Resolves when something first happened on the page, to when, in ms since the navigation began. */
export async function markOf(page: Page, name: string): Promise<number> {
  const handle = await page.waitForFunction((mark) => window.bench?.marks[mark], name, { timeout: DEADLINE_MS })
  return (await handle.jsonValue()) ?? Number.NaN
}
