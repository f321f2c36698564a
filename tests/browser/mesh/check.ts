/**
 * The libp2p mesh in real browser tabs over a real relay: links, gossip, the relay's death and return.
 * `npx tsx tests/browser/mesh/check.ts [tabs]`; prints times. Exit code 1 when something did not hold.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { chromium, type Page } from '@playwright/test'
import { build } from 'vite'
import { startRelayProcess } from '#support/relay-process.ts'
import type { NodeId } from '#core/protocol/ids.ts'

const FLAGS = [
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]
const NETWORK = 'mesh-check'
const OUT = '.cache/mesh-page'
const count = Number(process.argv[2] ?? 3)

await build({
  configFile: false,
  root: 'tests/browser/mesh',
  logLevel: 'warn',
  build: { outDir: `${process.cwd()}/${OUT}`, emptyOutDir: true, target: 'es2022' },
})
const relay = await startRelayProcess({ network: NETWORK, staticDir: OUT })
const systemChromium = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'
const browser = await chromium.launch({
  args: FLAGS,
  chromiumSandbox: false,
  ...(existsSync(systemChromium) ? { executablePath: systemChromium } : {}),
})

interface OpenTab {
  readonly page: Page
  readonly node: NodeId
  readonly seed: readonly number[]
}

async function openTab(options: { direct?: boolean; knownPeers?: NodeId[]; seed?: readonly number[] } = {}) {
  const page = await browser.newPage()
  if (process.env['VERBOSE']) page.on('console', (message) => console.log(new Date().toISOString(), message.text()))
  page.on('pageerror', (error) => console.error('page error', error))
  const seed = options.seed ?? [...randomBytes(32)]
  await page.goto(relay.url)
  await page.waitForFunction(() => window.joinMesh !== undefined)
  const node = await page.evaluate((init) => window.joinMesh(init), {
    seed,
    network: NETWORK,
    relay: relay.address,
    direct: options.direct ?? true,
    knownPeers: options.knownPeers ?? [],
  })
  return { page, node, seed }
}

const directLinks = (tab: OpenTab, least: number) =>
  tab.page.waitForFunction((n) => window.tab.state().links.filter(({ kind }) => kind === 'direct').length >= n, least, {
    timeout: 60_000,
    polling: 50,
  })

/** Who heard whom, and over which links: printed when a round fails. */
async function explain(tabs: readonly OpenTab[], sequence: number): Promise<void> {
  const short = (node: string) => node.slice(0, 6)
  for (const tab of tabs) {
    const [heard, { links }] = await tab.page.evaluate(() => [window.tab.heard(), window.tab.state()] as const)
    const from = heard.filter((each) => each.sequence === sequence).map((each) => short(each.from))
    report(short(tab.node), { from, links: links.map(({ node, kind }) => `${short(node)} ${kind}`) })
  }
}

/** Every tab says one frame; resolves when every tab heard all others. Returns the delays. */
async function gossipRound(tabs: readonly OpenTab[], sequence: number): Promise<number[]> {
  const sentMs: number[] = []
  for (const { page } of tabs) {
    sentMs.push(
      await page.evaluate(async (n) => {
        const atMs = Date.now()
        await window.tab.say(n)
        return atMs
      }, sequence),
    )
  }
  const delays: number[] = []
  for (const tab of tabs) {
    await tab.page
      .waitForFunction(
        ([n, others]) => window.tab.heard().filter(({ sequence }) => sequence === n).length === others,
        [sequence, tabs.length - 1] as const,
        { timeout: 15_000, polling: 50 },
      )
      .catch(async (error: unknown) => {
        await explain(tabs, sequence)
        throw error
      })
    const heard = await tab.page.evaluate(() => window.tab.heard())
    for (const { from, sequence: n, atMs } of heard) {
      const sender = tabs.findIndex(({ node }) => node === from)
      if (n === sequence && sender >= 0) delays.push(atMs - (sentMs[sender] ?? 0))
    }
  }
  return delays.sort((a, b) => a - b)
}

/**
 * What a session of 3 executors and 5 verifiers publishes: about 45 frames, 16 kB of sealed text and signatures. Shape:
 * the speaker's index and the bytes beyond an envelope's own 300.
 */
const SESSION: readonly (readonly [number, number])[] = [
  [0, 400],
  ...Array.from({ length: 8 }, (_, index) => [index, 300] as const),
  [0, 2_000],
  ...[1, 2, 3].map((index) => [index, 0] as const),
  [0, 0],
  ...[1, 2, 3].map((index) => [index, 2_000] as const),
  ...[3, 4, 5, 6, 7].map((index) => [index, 0] as const),
  [0, 0],
  ...[3, 4, 5, 6, 7].map((index) => [index, 100] as const),
  [0, 1_000],
]

/** Bytes that each tab received on account of one session's frames. */
async function sessionBytes(tabs: readonly OpenTab[]): Promise<{ published: number; received: number[] }> {
  const read = () => Promise.all(tabs.map(({ page }) => page.evaluate(() => window.tab.received())))
  const before = await read()
  let published = 0
  for (const [position, [speaker, bytes]] of SESSION.entries()) {
    const tab = tabs[speaker % tabs.length]
    published +=
      (await tab?.page.evaluate(([n, size]) => window.tab.sayOf(n, size), [1_000 + position, bytes] as const)) ?? 0
  }
  const own = (tab: OpenTab) => SESSION.filter(([speaker]) => tabs[speaker % tabs.length] === tab).length
  for (const tab of tabs) {
    await tab.page.waitForFunction(
      (n) => window.tab.heard().filter(({ sequence }) => sequence >= 1_000).length === n,
      SESSION.length - own(tab),
      { timeout: 15_000, polling: 50 },
    )
  }
  const received = (await read()).map((bytes, index) => bytes - (before[index] ?? 0))
  return { published, received: received.sort((a, b) => a - b) }
}

const report = (name: string, value: unknown) => console.log(name.padEnd(34), JSON.stringify(value))
const quantiles = (delays: readonly number[]) => ({
  p50: delays[Math.floor(delays.length / 2)],
  max: delays.at(-1),
  frames: delays.length,
})

try {
  const tabs = await Promise.all(Array.from({ length: count }, () => openTab()))
  const wanted = Math.min(2, count - 1)
  const startedMs = Date.now()
  await Promise.all(tabs.map((tab) => directLinks(tab, wanted)))
  report(`${count} tabs, ${wanted} direct links each, ms`, Date.now() - startedMs)
  for (const { page } of tabs) report('times since page load, ms', await page.evaluate(() => window.tab.times()))
  report('gossip', quantiles(await gossipRound(tabs, 1)))

  report('bytes received for a session', await sessionBytes(tabs))

  const late = await openTab()
  await directLinks(late, Math.min(2, count))
  report('a late tab', await late.page.evaluate(() => window.tab.times()))
  report('gossip with the late tab', quantiles(await gossipRound([...tabs, late], 2)))
  await late.page.close()
  const known = tabs.map(({ node }) => node)
  const again = await openTab({ seed: late.seed, knownPeers: known })
  await directLinks(again, Math.min(2, count))
  report('the same tab, warm', await again.page.evaluate(() => window.tab.times()))

  await relay.kill()
  const all = [...tabs, again]
  await Promise.all(
    all.map(({ page }) =>
      page.waitForFunction(() => window.tab.state().relay !== 'connected', null, { timeout: 15_000 }),
    ),
  )
  report('gossip without the relay', quantiles(await gossipRound(all, 3)))
  for (const tab of all) {
    const links = await tab.page.evaluate(() => window.tab.state().links)
    assert.ok(
      links.every(({ kind }) => kind === 'direct'),
      'without the relay every link is direct',
    )
  }

  await relay.restart()
  const backMs = Date.now()
  await Promise.all(
    all.map(({ page }) =>
      page.waitForFunction(() => window.tab.state().relay === 'connected', null, { timeout: 60_000, polling: 50 }),
    ),
  )
  report('relay found again, ms', Date.now() - backMs)
  const newcomer = await openTab()
  await directLinks(newcomer, Math.min(2, count + 1))
  report('a newcomer after that', await newcomer.page.evaluate(() => window.tab.times()))
  const relayed = await openTab({ direct: false })
  await relayed.page.waitForFunction((n) => window.tab.state().links.length === n, all.length + 1, { timeout: 15_000 })
  report('gossip with a relayed tab', quantiles(await gossipRound([...all, newcomer, relayed], 4)))
  const links = await relayed.page.evaluate(() => window.tab.state().links)
  assert.ok(links.every(({ kind }) => kind === 'relayed'))
  console.log('ok')
} catch (error) {
  console.error(error)
  process.exitCode = 1
} finally {
  await browser.close()
  await relay.dispose()
}
