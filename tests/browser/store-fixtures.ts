import { fileURLToPath } from 'node:url'
import { test as base, expect, type BrowserContext, type Page } from '@playwright/test'
import { build, type Rolldown } from 'vite'

export { expect }

/** A secure context, as every `localhost` is, without a server: the browser's requests are answered here. */
export const SECURE_ORIGIN = 'http://localhost'
/** Plain HTTP on another name: no Web Locks, no `crypto.subtle`. */
export const INSECURE_ORIGIN = 'http://tabswarm.test'

export interface Profile {
  readonly context: BrowserContext
  /** A new tab with `store-page.ts` in it, ready. */
  openTab(origin?: string): Promise<Page>
}

export const test = base.extend<{ profile: Profile }, { site: ReadonlyMap<string, string> }>({
  site: [
    // Playwright reads a fixture's needs from its first parameter, which must be a pattern.
    // eslint-disable-next-line no-empty-pattern
    async ({}, use) => {
      await use(await buildSite())
    },
    { scope: 'worker' },
  ],
  profile: async ({ context, site }, use) => {
    await context.route('**/*', (route) => {
      const path = new URL(route.request().url()).pathname
      const body = path === '/' ? '<!doctype html><script type="module" src="/page.js"></script>' : site.get(path)
      const contentType = path === '/' ? 'text/html' : 'text/javascript'
      return body === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ body, contentType })
    })
    await use({
      context,
      async openTab(origin = SECURE_ORIGIN) {
        const page = await context.newPage()
        await page.goto(origin)
        await ready(page)
        return page
      },
    })
  },
})

/** Resolves when the page's script has run. */
export async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => 'parts' in window)
}

/** The page and its worker, bundled as in production, by path. */
async function buildSite(): Promise<ReadonlyMap<string, string>> {
  const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))
  const result = (await build({
    configFile: false,
    root: here('../..'),
    publicDir: false,
    logLevel: 'error',
    resolve: { alias: { vitest: here('store-runner.ts') } },
    build: {
      write: false,
      minify: false,
      target: 'esnext',
      rolldownOptions: { input: here('store-page.ts'), output: { entryFileNames: 'page.js' } },
    },
  })) as Rolldown.RolldownOutput
  return new Map(
    result.output.map((file) => [`/${file.fileName}`, file.type === 'chunk' ? file.code : String(file.source)]),
  )
}
