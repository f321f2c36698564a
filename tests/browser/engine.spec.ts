import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import { createServer, type ViteDevServer } from 'vite'
import { randomModels } from '#support/random-models.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cataloguePath = `${root}public/models/catalogue.json`
const embedded: { id: string }[] = existsSync(cataloguePath)
  ? JSON.parse(readFileSync(cataloguePath, 'utf8')).members
  : []

const THIRTY_TOKENS = 'Paris is the capital of France, and London is the capital of the United Kingdom.'

let server: ViteDevServer
let url: string

test.beforeAll(async () => {
  server = await createServer({
    root,
    configFile: false,
    logLevel: 'error',
    plugins: [randomModels()],
    server: { port: 0, host: '127.0.0.1' },
    optimizeDeps: { exclude: ['@wllama/wllama', 'onnxruntime-web'] },
    worker: { format: 'es' },
  })
  await server.listen()
  url = `${server.resolvedUrls?.local[0]}tests/browser/engine.page.html`
})

test.afterAll(() => server.close())

/** Opens the page. Returns what it asked other hosts for, as it grows. */
async function open(page: Page): Promise<readonly string[]> {
  const foreign: string[] = []
  page.context().on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== new URL(url).origin) foreign.push(request.url())
  })
  await page.goto(url)
  await page.waitForFunction(() => 'enginePage' in window)
  return foreign
}

async function runContract(page: Page, name: string, modelId: string): Promise<void> {
  const foreign = await open(page)
  const titles = await page.evaluate(([name, id]) => window.enginePage.contract(name, id), [name, modelId] as const)
  expect(titles.length).toBeGreaterThan(20)
  for (const title of titles) {
    await test.step(title, () => page.evaluate((title) => window.enginePage.run(title), title))
  }
  expect(foreign).toEqual([])
}

// Two shapes of random weights, which judge by different normalisations, and whatever is embedded.
for (const modelId of ['random', 'other-shape']) {
  test(`the contract holds on "${modelId}" weights`, async ({ page }) => {
    test.setTimeout(180_000)
    await runContract(page, 'random', modelId)
  })
}

for (const modelId of ['random', 'other-shape']) {
  test(`the contract holds for onnxruntime on "${modelId}" weights`, async ({ page }) => {
    test.setTimeout(180_000)
    await runContract(page, 'onnx-random', modelId)
  })
}

for (const { id } of embedded) {
  test(`the speed of ${id} on onnxruntime`, async ({ page }) => {
    test.setTimeout(60_000)
    await open(page)
    const measured = await page.evaluate(([id, answer]) => window.enginePage.measure('onnx', id, answer), [
      id,
      THIRTY_TOKENS,
    ] as const)
    console.log(JSON.stringify(measured))
    expect(measured.description?.decodeTokensPerSecond).toBeGreaterThan(0)
  })

  test(`the contract holds on the embedded ${id}`, async ({ page }) => {
    test.setTimeout(240_000)
    await runContract(page, 'embedded', id)
  })

  test(`the speed of ${id}`, async ({ page }) => {
    test.setTimeout(60_000)
    await open(page)
    const measured = await page.evaluate(([id, answer]) => window.enginePage.measure('embedded', id, answer), [
      id,
      THIRTY_TOKENS,
    ] as const)
    console.log(JSON.stringify(measured))
    expect(measured.description?.decodeTokensPerSecond).toBeGreaterThan(0)
  })
}

test('two tabs of one engine class compute bitwise the same', async ({ context }) => {
  test.setTimeout(60_000)
  const subject = embedded[0] ? (['embedded', embedded[0].id] as const) : (['random', 'random'] as const)
  const answers = [THIRTY_TOKENS, 'London', 'It is 42.']
  const fingerprints = []
  for (const page of [await context.newPage(), await context.newPage()]) {
    await open(page)
    fingerprints.push(
      await page.evaluate(
        ([[name, id], answers]) => window.enginePage.fingerprint(name, id, 'What is the capital of France?', answers),
        [subject, answers] as const,
      ),
    )
  }
  // JSON prints a double so that it reads back as the same bits.
  expect(JSON.stringify(fingerprints[0])).toBe(JSON.stringify(fingerprints[1]))
})
