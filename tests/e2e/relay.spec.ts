import { readdir } from 'node:fs/promises'
import { NO_DIRECT_WAY, type SwarmPage } from '#support/swarm-page.ts'
import { expect, note, test, together } from '#support/tabs.ts'

test('the swarm works without its relay, and grows again when it is back', async ({ tabs, mortalRelay }) => {
  tabs.excuseLostNetwork()
  const { open } = await tabs.profile()
  const [asker, ...others] = [
    await open({ relay: mortalRelay }),
    await open({ relay: mortalRelay }),
    await open({ relay: mortalRelay }),
  ]
  const swarm = [asker, ...others]
  await together(swarm)
  await Promise.all(swarm.map((tab) => tab.sees(2, { direct: true })))
  for (const tab of swarm) {
    await expect.poll(async () => (await tab.status()).mesh.links.map(({ kind }) => kind)).toEqual(['direct', 'direct'])
    await expect.poll(() => tab.directConnections()).toBeGreaterThanOrEqual(2)
  }

  await mortalRelay.kill()
  for (const { page } of swarm) {
    await page.waitForFunction(() => window.tabswarm?.status().mesh.relay !== 'connected')
  }
  const without = await asker.ask('What is the capital of Portugal?')
  note('without a relay, question to verdict', without.tookMs)
  expect(without.verdict?.ranking).toHaveLength(2)

  await mortalRelay.restart()
  const stranger = await (await tabs.profile()).open({ relay: mortalRelay })
  const openedMs = performance.now()
  await together([stranger, ...swarm])
  await stranger.sees(2, { direct: true })
  note('relay back, a new tab in the mesh', performance.now() - openedMs)
  const { verdict } = await stranger.ask('What is the capital of Portugal?')
  expect(verdict?.independence.independentVerifiers).toBeGreaterThan(0)
})

test('a tab that only the relay reaches takes part, and says so', async ({ tabs }) => {
  const { open } = await tabs.profile()
  const reachable = [await open(), await open()]
  const walled = await tabs.profile()
  await walled.context.addInitScript(NO_DIRECT_WAY)
  const tab = await walled.open()
  await together([tab, ...reachable])
  await expect(tab.page.getByTestId('link-state')).toHaveText('relayed')
  expect(await tab.directConnections()).toBe(0)

  // It asks, and it is asked.
  const { verdict, tookMs } = await tab.ask('What is the capital of Portugal?')
  note('over the relay only, question to verdict', tookMs)
  expect(verdict?.independence).toEqual({ independentVerifiers: 1, verifiers: 1 })
  const back = await reachable[0]?.ask('What is the capital of Portugal?')
  expect(back?.verdict?.independence).toEqual({ independentVerifiers: 1, verifiers: 1 })
})

test('a page visited once answers without any network', async ({ tabs, mortalRelay }) => {
  tabs.excuseLostNetwork()
  const { open, context } = await tabs.profile()
  const tab = await open({ relay: mortalRelay })
  await tab.ready()
  await tab.acceptNotice()
  await tab.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await expect.poll(() => unkept(tab)).toEqual([])
  await mortalRelay.kill()
  await context.setOffline(true)
  await tab.page.reload()
  await tab.ready()
  expect(await tab.page.evaluate(() => crossOriginIsolated)).toBe(true)
  await tab.type('What is the capital of Portugal?')
  await expect(tab.answer).not.toBeEmpty()
  await expect(tab.provenance).toContainText('Not verified: no other tab')
})

test('code of larger models is fetched by who uses one, and kept then', async ({ tabs }) => {
  const { open, context } = await tabs.profile()
  const asked: string[] = []
  context.on('request', (request) => asked.push(new URL(request.url()).pathname))
  const tab = await open()
  await tab.ready()
  await tab.page.waitForFunction(() => navigator.serviceWorker.controller !== null)
  await expect.poll(() => unkept(tab)).toEqual([])
  const [program, worker] = [/^\/assets\/wllama-.*\.wasm$/, /^\/assets\/gguf\.worker-.*\.js$/]
  expect(asked.filter((path) => program.test(path) || worker.test(path))).toEqual([])
  const build = await readdir('dist/assets')
  const files = build.map((name) => `/assets/${name}`).filter((path) => program.test(path) || worker.test(path))
  expect(files).toHaveLength(2)
  const kept = async () => (await keptFiles(tab)).filter((path) => files.includes(path)).sort()
  expect(await kept()).toEqual([])
  // As the worker of such a model does, which needs a file that tests do not have.
  await tab.page.evaluate((paths) => Promise.all(paths.map((path) => fetch(path))), files)
  await expect.poll(kept).toEqual(files.sort())
})

/** What a visit without a network needs, and is not kept yet: the page, and the engine with its models. */
async function unkept(tab: SwarmPage): Promise<string[]> {
  const kept = await keptFiles(tab)
  return [/^\/$/, /\/tab-.*\.js$/, /\/inference\.worker-.*\.js$/, /\/ort-.*\.wasm$/, /\.gguf$/, /catalogue\.json$/]
    .filter((file) => !kept.some((path) => file.test(path)))
    .map(String)
}

function keptFiles(tab: SwarmPage): Promise<string[]> {
  return tab.page.evaluate(async () => {
    const requests = await (await caches.open('tabswarm-files')).keys()
    return requests.map(({ url }) => new URL(url).pathname)
  })
}
