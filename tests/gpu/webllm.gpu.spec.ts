import { expect, test } from '@playwright/test'
import { serveTestPage } from '#support/vite-page.ts'

/**
 * The real thing: downloads a model from its real hosts and runs the engine's contract on the real graphics device.
 * Opt-in, by `npm run test:gpu`: it needs a GPU, a network and about 700 MB. `TABSWARM_GPU_MODEL` names another model.
 */
const MODEL = process.env['TABSWARM_GPU_MODEL'] ?? 'Llama-3.2-1B-Instruct-q4f16_1-MLC'

let server: Awaited<ReturnType<typeof serveTestPage>>
test.beforeAll(async () => {
  server = await serveTestPage('webllm.page.html')
})
test.afterAll(() => server.close())

test(`${MODEL}: download, load and the engine's contract`, async ({ page }) => {
  test.setTimeout(3_600_000)
  await page.goto(server.url)
  await page.waitForFunction(() => 'webLlmPage' in window)
  const survey = await page.evaluate(() => window.webLlmPage.survey())
  expect(survey.problem, 'this test needs a graphics device').toBeNull()
  expect(await page.evaluate((id) => window.webLlmPage.download(id), MODEL)).toBe('done')
  const loaded = await page.evaluate((id) => window.webLlmPage.load(id), MODEL)
  console.log(JSON.stringify(loaded.description))
  expect(loaded.ended).toBe('done')
  // What we could vouch for next time: `digests` in src/adapters/engine/webllm-catalogue.ts.
  const record = await page.evaluate(async () => {
    const cache = await caches.open('tabswarm-models')
    const [request] = await cache.keys()
    return request && (await (await cache.match(request))?.json())
  })
  console.log(JSON.stringify(record?.integrity))
  for (const title of await page.evaluate((id) => window.webLlmPage.contract(id), MODEL)) {
    await test.step(title, () => page.evaluate((title) => window.webLlmPage.run(title), title))
  }
})
