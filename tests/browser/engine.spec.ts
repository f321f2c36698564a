import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test, type Page } from '@playwright/test'
import { randomModels } from '#support/random-models.ts'
import { serveTestPage } from '#support/vite-page.ts'
import type { SubjectName } from './engine.page.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const cataloguePath = `${root}public/models/catalogue.json`
const embedded: { id: string }[] = existsSync(cataloguePath)
  ? JSON.parse(readFileSync(cataloguePath, 'utf8')).members
  : []

const THIRTY_TOKENS = 'Paris is the capital of France, and London is the capital of the United Kingdom.'

const QUESTIONS = [
  'What is the capital of France?',
  'What is 47 + 38?',
  'What is the opposite of hot?',
  'Which is the largest: 57, 75, 8, 70?',
  'Who are you, and why?',
]
const ANSWERS = [
  THIRTY_TOKENS,
  'London',
  'It is 85.',
  'cold',
  '6',
  '',
  'I do not know; perhaps "nobody" does: 12 % of 3.',
]

let server: Awaited<ReturnType<typeof serveTestPage>>
test.beforeAll(async () => {
  server = await serveTestPage('engine.page.html', { plugins: [randomModels()] })
})

test.afterAll(() => server.close())

/** Opens the page. Returns what it asked other hosts for, as it grows. */
async function open(page: Page): Promise<readonly string[]> {
  const foreign: string[] = []
  page.context().on('request', (request) => {
    const { protocol, origin } = new URL(request.url())
    if (protocol.startsWith('http') && origin !== new URL(server.url).origin) foreign.push(request.url())
  })
  await page.goto(server.url)
  await page.waitForFunction(() => 'enginePage' in window)
  return foreign
}

async function runContract(page: Page, name: SubjectName, modelId: string): Promise<void> {
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

  test(`the contract holds for llama.cpp on "${modelId}" weights`, async ({ page }) => {
    test.setTimeout(180_000)
    await runContract(page, 'wllama-random', modelId)
  })
}

for (const { id } of embedded) {
  test(`the contract holds on the embedded ${id}`, async ({ page }) => {
    test.setTimeout(240_000)
    await runContract(page, 'embedded', id)
  })

  for (const name of ['embedded', 'wllama'] as const) {
    test(`the speed of ${id}, ${name}`, async ({ page }) => {
      test.setTimeout(60_000)
      await open(page)
      const measured = await page.evaluate(([name, id, answer]) => window.enginePage.measure(name, id, answer), [
        name,
        id,
        THIRTY_TOKENS,
      ] as const)
      console.log(JSON.stringify(measured))
      const { description } = measured
      expect(description?.decodeTokensPerSecond).toBeGreaterThan(1)
      expect(description?.engineClass).toContain(name === 'embedded' ? 'onnx' : 'wllama')
    })
  }

  // The calibrations in the catalogue were fitted once, and must hold for whatever engine runs the model.
  test(`onnxruntime and llama.cpp judge alike and say the same with ${id}`, async ({ page }) => {
    await open(page)
    const [ours, theirs] = await page.evaluate(
      async ([id, questions, answers]) => [
        await window.enginePage.fingerprint('embedded', id, questions, answers),
        await window.enginePage.fingerprint('wllama', id, questions, answers),
      ],
      [id, QUESTIONS, ANSWERS] as const,
    )
    const differences = QUESTIONS.flatMap((_, question) =>
      ANSWERS.map((_, answer) =>
        Math.abs((ours?.[question]?.qualities[answer] ?? 0) - (theirs?.[question]?.qualities[answer] ?? 1)),
      ),
    )
    console.log(`${id}: largest difference of a quality ${Math.max(...differences).toExponential(1)}`)
    expect(Math.max(...differences)).toBeLessThan(1e-3)
    expect(ours?.map(({ text }) => text)).toEqual(theirs?.map(({ text }) => text))
  })
}

test('two tabs of one engine class compute bitwise the same', async ({ context }) => {
  test.setTimeout(60_000)
  const subject = embedded[0] ? (['embedded', embedded[0].id] as const) : (['random', 'random'] as const)
  const prints = []
  for (const page of [await context.newPage(), await context.newPage()]) {
    await open(page)
    prints.push(
      await page.evaluate(
        ([[name, id], questions, answers]) => window.enginePage.fingerprint(name, id, questions, answers),
        [subject, QUESTIONS, ANSWERS] as const,
      ),
    )
  }
  // JSON prints a double so that it reads back as the same bits.
  expect(JSON.stringify(prints[0])).toBe(JSON.stringify(prints[1]))
})

test('an engine whose program cannot be fetched says so, and the next attempt works', async ({ page }) => {
  await open(page)
  await page.context().route(/\.wasm$/, (route) => route.abort())
  expect(await page.evaluate(() => window.enginePage.load('random', 'random'))).toBe(
    'ModelLoadError: This browser could not start the model.',
  )
  await page.context().unroute(/\.wasm$/)
  expect(await page.evaluate(() => window.enginePage.load('random', 'random'))).toBe('done')
})
