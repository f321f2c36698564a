import { expect, test, type Page } from '@playwright/test'
import { GgufHost } from '#support/gguf-host.ts'
import { testFile } from '#support/gguf-shapes.ts'
import { serveTestPage } from '#support/vite-page.ts'

let host: GgufHost
let server: Awaited<ReturnType<typeof serveTestPage>>

test.beforeEach(async () => {
  host = new GgufHost()
  for (const id of ['grouped', 'biased', 'pieces', 'crashing', 'alien']) {
    host.files.set(`${id}.gguf`, { bytes: testFile(id), etag: `"${id}-1"` })
  }
  server = await serveTestPage('gguf.page.html', { host: await host.listen() })
})
test.afterEach(async () => {
  await server.close()
  await host.close()
})

async function open(page: Page): Promise<void> {
  await page.goto(server.url)
  await page.waitForFunction(() => 'ggufPage' in window)
}
const download = (page: Page, id: string) => page.evaluate((id) => window.ggufPage.download(id), id)

for (const id of ['grouped', 'biased', 'pieces']) {
  test(`the engine's contract holds on a downloaded "${id}" model`, async ({ page }) => {
    test.setTimeout(300_000)
    await open(page)
    expect((await download(page, id)).ended).toBe('done')
    const titles = await page.evaluate((id) => window.ggufPage.contract(id), id)
    expect(titles.length).toBeGreaterThan(20)
    for (const title of titles) {
      await test.step(title, () => page.evaluate((title) => window.ggufPage.run(title), title))
    }
  })
}
