import { expect, test, type Page } from '@playwright/test'
import { WEBLLM_MODELS } from '#adapters/engine/webllm-catalogue.ts'
import { FakeModelHost } from '#support/fake-model-host.ts'
import { serveTestPage } from '#support/vite-page.ts'
import config from '../../playwright.config.ts'

// A graphics device in software: no 16-bit floats, and far too slow to compute with, but one that web-llm accepts.
test.use({
  launchOptions: {
    ...config.use?.launchOptions,
    args: [...(config.use?.launchOptions?.args ?? []), '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  },
})

let server: Awaited<ReturnType<typeof serveTestPage>>
test.beforeAll(async () => {
  server = await serveTestPage('webllm.page.html')
})
test.afterAll(() => server.close())

const MODEL = WEBLLM_MODELS.find(({ id }) => id === 'SmolLM2-135M-Instruct-q0f32-MLC')
const F16_MODEL = 'SmolLM2-135M-Instruct-q0f16-MLC'
/** A WebAssembly module that wants a function which nobody has. */
const ALIEN_LIBRARY = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0],
  ...[2, 12, 1, 3, 0x65, 0x6e, 0x76, 4, 0x6e, 0x6f, 0x70, 0x65, 0, 0],
])

/** Opens the page with the hosts of models played by a fake. Tells what was asked of them, as it grows. */
async function open(page: Page) {
  if (!MODEL) throw new Error('the catalogue has lost the model of this test')
  const host = new FakeModelHost(WEBLLM_MODELS.filter(({ id }) => id === MODEL.id || id === F16_MODEL))
  host.files.set(MODEL.libraryUrl, ALIEN_LIBRARY)
  await page.context().route(
    (url) => url.hostname !== '127.0.0.1',
    async (route) => {
      const response = await host.fetch(route.request().url())
      const headers = { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' }
      await route.fulfill({ status: response.status, headers, body: Buffer.from(await response.arrayBuffer()) })
    },
  )
  await page.goto(server.url)
  await page.waitForFunction(() => 'webLlmPage' in window)
  return { host, model: MODEL }
}

test('downloads on a yes only, in a worker, and real web-llm finds the files and names what is wrong', async ({
  page,
}) => {
  const { host, model } = await open(page)
  const survey = await page.evaluate(() => window.webLlmPage.survey())
  expect(host.asked).toEqual([])
  expect(survey.problem, 'the browser has a graphics device in software').toBeNull()
  expect(survey.recommended, 'which is no reason to download for it').toBeNull()
  expect(survey.offers.find(({ id }) => id === F16_MODEL)?.fit).toBe('no-f16')

  expect(await page.evaluate((id) => window.webLlmPage.load(id), model.id)).toMatchObject({ ended: 'ModelLoadError' })
  expect(host.asked).toEqual([])

  expect(await page.evaluate((id) => window.webLlmPage.download(id), model.id)).toBe('done')
  expect(host.asked).toHaveLength(7)
  const offers = await page.evaluate(() => window.webLlmPage.survey())
  expect(offers.offers.filter(({ downloaded }) => downloaded).map(({ id }) => id)).toEqual([model.id])

  // Its own files are all in the cache, so web-llm asks no host; the library is not one of its version.
  expect(await page.evaluate((id) => window.webLlmPage.load(id), model.id)).toMatchObject({
    ended: 'LibraryMismatchError',
  })
  expect(host.asked).toHaveLength(7)

  // Somebody changed the library on the disk.
  await page.evaluate(
    async (url) => (await caches.open('webllm/wasm')).put(url, new Response('changed')),
    model.libraryUrl,
  )
  expect(await page.evaluate((id) => window.webLlmPage.load(id), model.id)).toMatchObject({
    ended: 'ModelDamagedError',
  })

  expect(await page.evaluate((id) => window.webLlmPage.download(id), F16_MODEL)).toBe('done')
  expect(await page.evaluate((id) => window.webLlmPage.load(id), F16_MODEL)).toMatchObject({
    ended: 'NoShaderF16Error',
  })

  for (const id of [model.id, F16_MODEL]) await page.evaluate((id) => window.webLlmPage.remove(id), id)
  const left = await page.evaluate(async () => {
    const names = await caches.keys()
    return (await Promise.all(names.map(async (name) => (await (await caches.open(name)).keys()).length))).filter(
      Boolean,
    )
  })
  expect(left).toEqual([])
})

test('names a host that does not have the model', async ({ page }) => {
  const { host, model } = await open(page)
  host.trouble.set('params_shard_1.bin', 404)
  expect(await page.evaluate((id) => window.webLlmPage.download(id), model.id)).toBe('ModelMissingError')
})
