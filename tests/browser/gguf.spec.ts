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
  server = await serveTestPage('gguf.page.html', { params: { host: await host.listen() } })
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

const load = (page: Page, id: string) => page.evaluate((id) => window.ggufPage.load(id), id)
const offer = async (page: Page, id: string) =>
  (await page.evaluate(() => window.ggufPage.survey())).offers.find((each) => each.id === id)

test('a download that was cut short goes on where it ended, after a reload too', async ({ page }) => {
  await open(page)
  const total = testFile('grouped').length
  host.stall = { after: 200_000, how: 'hang' }
  await page.evaluate(() => window.ggufPage.begin('grouped'))
  await expect.poll(() => offer(page, 'grouped')).toMatchObject({ keptBytes: 200_000 })
  expect(await page.evaluate(() => window.ggufPage.abort())).toBe('AbortError')
  const cut = await offer(page, 'grouped')
  expect(cut?.downloaded).toBe(false)
  expect(cut?.keptBytes).toBe(200_000)
  await page.reload()
  await page.waitForFunction(() => 'ggufPage' in window)

  host.stall = { after: 50_000, how: 'break' }
  expect((await download(page, 'grouped')).ended).toBe('DownloadFailedError')
  host.stall = null
  const rest = await download(page, 'grouped')
  expect(rest).toMatchObject({ ended: 'done', last: { loadedBytes: total, totalBytes: total } })
  const ranges = host.asked.map((asked) => Number(/bytes=(\d+)-/.exec(asked)?.[1] ?? 0))
  expect(ranges).toHaveLength(3)
  expect(ranges[0]).toBe(0)
  expect(ranges[1]).toBe(cut?.keptBytes)
  // A browser may drop what came in just before a connection broke.
  expect(ranges[2]).toBeGreaterThanOrEqual(ranges[1] ?? Infinity)
  expect(await offer(page, 'grouped')).toMatchObject({ downloaded: true, keptBytes: total })

  // What is whole is asked of nobody again.
  expect((await download(page, 'grouped')).ended).toBe('done')
  expect((await load(page, 'grouped')).description).toMatchObject({
    instrument: 'rating',
    tier: 2,
    contextTokens: 2048,
  })
  expect(host.asked).toHaveLength(3)
})

test('two versions of a file are never put together', async ({ page }) => {
  await open(page)
  host.stall = { after: 200_000, how: 'break' }
  expect((await download(page, 'biased')).ended).toBe('DownloadFailedError')
  host.stall = null
  host.files.set('biased.gguf', { bytes: testFile('pieces'), etag: '"biased-2"' })
  expect((await download(page, 'biased')).ended).toBe('done')
  // The part that was asked for is of another file, so all of it was.
  expect(host.asked.at(-1)).toBe('biased.gguf')
  expect((await load(page, 'biased')).ended).toBe('done')

  await page.evaluate(() => window.ggufPage.remove('biased'))
  expect(await offer(page, 'biased')).toMatchObject({ downloaded: false, keptBytes: 0 })
  host.stall = { after: 200_000, how: 'break' }
  await download(page, 'biased')
  host.stall = null
  host.ignoresRanges = true
  expect((await download(page, 'biased')).ended).toBe('done')
})

test('a file that is not what it should be is refused, and not kept', async ({ page }) => {
  await open(page)
  expect((await download(page, 'wrong')).ended).toBe('ModelDamagedError')
  expect(await offer(page, 'wrong')).toMatchObject({ downloaded: false, keptBytes: 0 })

  const bytes = testFile('biased')
  host.files.set('biased.gguf', { bytes, stated: '0'.repeat(64) })
  expect((await download(page, 'biased')).ended).toBe('ModelDamagedError')
  host.files.set('biased.gguf', { bytes: new TextEncoder().encode('<!doctype html>'.repeat(100)) })
  expect((await download(page, 'biased')).ended).toBe('ModelDamagedError')
  host.files.set('grouped.gguf', { bytes: bytes.subarray(0, 1000) })
  expect((await download(page, 'grouped')).ended).toBe('ModelDamagedError')

  // Its head is right, so only llama.cpp finds out; wllama says it was loaded.
  expect((await download(page, 'alien')).ended).toBe('done')
  expect((await load(page, 'alien')).ended).toBe('ModelDamagedError')
})

test('a file that changed on the disk is refused, first trusted or not', async ({ page }) => {
  await open(page)
  for (const id of ['grouped', 'biased']) {
    expect((await download(page, id)).ended).toBe('done')
    await page.evaluate((id) => window.ggufPage.damage(id), id)
    expect(await load(page, id)).toMatchObject({ ended: 'ModelDamagedError', description: null })
    await page.evaluate((id) => window.ggufPage.remove(id), id)
    expect((await download(page, id)).ended).toBe('done')
    expect((await load(page, id)).ended).toBe('done')
  }
})

test('names a host without the file, one that is down, and memory that does not suffice', async ({ page }) => {
  await open(page)
  expect((await load(page, 'pieces')).ended).toBe('ModelLoadError')
  for (const [status, name] of [
    [404, 'ModelMissingError'],
    [401, 'ModelMissingError'],
    [503, 'DownloadFailedError'],
  ] as const) {
    host.status = status
    expect((await download(page, 'pieces')).ended).toBe(name)
  }
  host.status = 200
  expect((await download(page, 'pieces')).ended).toBe('done')
  expect(await page.evaluate(() => window.ggufPage.exhaust())).toBe('OutOfMemoryError')
})

test('one tab downloads a model at a time, and all tabs compute the same with it', async ({ context }) => {
  const [one, other] = [await context.newPage(), await context.newPage()]
  await open(one)
  await open(other)
  host.stall = { after: 100_000, how: 'hang' }
  await one.evaluate(() => window.ggufPage.begin('grouped'))
  await expect.poll(() => offer(other, 'grouped')).toMatchObject({ keptBytes: 100_000 })
  expect((await download(other, 'grouped')).ended).toBe('DownloadElsewhereError')
  host.stall = null
  await one.close()
  expect((await download(other, 'grouped')).ended).toBe('done')

  const third = await context.newPage()
  await open(third)
  const fingerprints = []
  for (const page of [other, third]) {
    fingerprints.push(await page.evaluate(() => window.ggufPage.fingerprint('grouped')))
  }
  expect(JSON.stringify(fingerprints[0])).toBe(JSON.stringify(fingerprints[1]))
})
