import { randomBytes } from 'node:crypto'
import { expect, test as base, type BrowserContext, type BrowserContextOptions, type Page } from '@playwright/test'
import { buildIfStale } from '../../bin/build.ts'
import { startRelayProcess, type RelayProcess } from './relay-process.ts'
import { COUNTED_CONNECTIONS, HOLDABLE_ENGINE, NODE_OF, SwarmPage } from './swarm-page.ts'

/** One browser profile: its tabs share storage, and so an operator. */
export interface Profile {
  readonly context: BrowserContext
  /** Opens a tab in the test's network, or in another. */
  open(options?: { network?: string; relay?: RelayProcess }): Promise<SwarmPage>
}

export interface Tabs {
  /** The test's own network: tests do not hear each other. */
  readonly network: string
  profile(options?: BrowserContextOptions): Promise<Profile>
  /** Several tabs of one new profile, each with its model, all in sight of each other. */
  swarm<const Count extends number>(count: Count): Promise<Tuple<SwarmPage, Count>>
  /** What no page may ever do: report an error, offend its Content-Security-Policy, ask another host. Checked at the end. */
  readonly offences: readonly string[]
  /** For tests that take the network away: what the browser itself says about that is no offence. */
  excuseLostNetwork(): void
}

type Tuple<Item, Count extends number, Items extends Item[] = []> = Items['length'] extends Count
  ? Items
  : Tuple<Item, Count, [...Items, Item]>

interface WorkerFixtures {
  /** A relay that serves the built page; one for all tests of this worker. */
  readonly relay: RelayProcess
}

interface TestFixtures {
  readonly tabs: Tabs
  /** A relay of the test's own, to kill. */
  readonly mortalRelay: RelayProcess
}

export const test = base.extend<TestFixtures, WorkerFixtures>({
  relay: [
    // Playwright reads a fixture's needs from its pattern; this one needs nothing.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await buildIfStale()
      const relay = await startRelayProcess({ network: 'main', staticDir: 'dist' })
      await use(relay)
      await relay.dispose()
    },
    // The page may have to be built first.
    { scope: 'worker', timeout: 180_000 },
  ],

  // Named after the shared one, so that the page is built.
  mortalRelay: async ({ relay: _built }, use) => {
    const relay = await startRelayProcess({ network: 'main', staticDir: 'dist' })
    await use(relay)
    await relay.dispose()
  },

  tabs: async ({ browser, relay }, use) => {
    const network = `e2e-${randomBytes(6).toString('hex')}`
    const contexts: BrowserContext[] = []
    const offences: string[] = []
    let excused = false
    const profile: Tabs['profile'] = async (options) => {
      const context = await browser.newContext(options)
      contexts.push(context)
      await context.addInitScript(NODE_OF)
      await context.addInitScript(HOLDABLE_ENGINE)
      await context.addInitScript(COUNTED_CONNECTIONS)
      return {
        context,
        async open(where = {}) {
          const page = await context.newPage()
          const { url } = where.relay ?? relay
          watch(page, url, offences)
          await page.goto(`${url}/?network=${where.network ?? network}`)
          await page.waitForFunction(() => window.tabswarm !== undefined)
          return new SwarmPage(page)
        },
      }
    }
    const tabs: Tabs = {
      network,
      offences,
      excuseLostNetwork: () => (excused = true),
      profile,
      async swarm<const Count extends number>(count: Count) {
        const { open } = await profile()
        const pages: SwarmPage[] = []
        for (let opened = 0; opened < count; opened++) pages.push(await open())
        await together(pages)
        return pages as Tuple<SwarmPage, Count>
      },
    }
    await use(tabs)
    await Promise.all(contexts.map((context) => context.close()))
    expect.soft(offences.filter((offence) => !(excused && LOST_NETWORK.test(offence)))).toEqual([])
  },
})

export { expect }

/** Waits until every tab has its model and sees every other. */
export async function together(tabs: readonly SwarmPage[]): Promise<void> {
  await Promise.all(
    tabs.map(async (tab) => {
      await tab.ready()
      await tab.sees(tabs.length - 1)
    }),
  )
}

/** How Chromium words a request that found no network; no page can keep it from the console. */
const LOST_NETWORK = /net::ERR_(CONNECTION|INTERNET|NETWORK|EMPTY|ADDRESS|FAILED)/

function watch(page: Page, origin: string, offences: string[]): void {
  page.on('console', (message) => {
    if (message.type() === 'error' || message.text().includes('Content Security Policy')) offences.push(message.text())
  })
  page.on('pageerror', (error) => offences.push(`${error.name}: ${error.message}`))
  page.on('request', (request) => {
    const url = request.url()
    if (!url.startsWith(`${origin}/`) && !/^(blob|data):/.test(url)) offences.push(`requested ${url}`)
  })
  page.on('websocket', (socket) => {
    if (!socket.url().startsWith(`${origin.replace('http', 'ws')}/`)) offences.push(`connected to ${socket.url()}`)
  })
}

/** A figure of this run, for whoever reads its output. */
export function note(what: string, value: number): void {
  process.stdout.write(`    ${what}: ${Math.round(value)} ms\n`)
}
