import { replayFile } from '#support/tabs-transcript.ts'
import { chromiumMemory } from '#support/chromium-memory.ts'
import type { SwarmPage } from '#support/swarm-page.ts'
import { expect, note, test } from '#support/tabs.ts'

/** Four people, four tabs each: as many tabs as two slow cores bear with room for the rest of a machine. */
const PROFILES = 4
const TABS_EACH = 4
const TABS = PROFILES * TABS_EACH

/** For sixteen tabs on two cores that others use too; whatever is waited for ends with the event, not with these. */
const MESH_DEADLINE_MS = 420_000
const TEST_DEADLINE_MS = 900_000

const LEAST_LINKS = 2

const QUESTIONS = ['What is the capital of Portugal?', 'What is 47 + 38?', 'What is the opposite of hot?']

test('sixteen tabs of four people mesh and answer, whoever asks', async ({ tabs, browser }) => {
  test.setTimeout(TEST_DEADLINE_MS)
  const startedMs = performance.now()
  const swarm: SwarmPage[] = []
  for (let profile = 0; profile < PROFILES; profile++) {
    const { open } = await tabs.profile()
    for (let tab = 0; tab < TABS_EACH; tab++) swarm.push(await open())
  }
  note('sixteen tabs opened', performance.now() - startedMs)
  try {
    await Promise.all(swarm.map((tab) => meshed(tab)))
  } catch (error) {
    for (const tab of swarm) console.log(await standing(tab))
    throw error
  }
  note('sixteen tabs meshed, from the first navigation', performance.now() - startedMs)

  const links = await Promise.all(swarm.map((tab) => directLinks(tab)))
  console.log(`    direct links a tab: ${[...links].sort((a, b) => a - b).join(' ')}`)
  expect(Math.min(...links)).toBeGreaterThanOrEqual(LEAST_LINKS)
  expect(Math.max(...links), 'a full mesh costs every tab what few links give as well').toBeLessThan(TABS - 1)

  for (const [index, question] of QUESTIONS.entries()) {
    const asker = swarm[(index * TABS_EACH + index) % TABS]
    if (!asker) throw new Error('no tab to ask in')
    const { text, verdict, sessionId, tookMs } = await asker.ask(question)
    note(`question ${index + 1} to its verdict`, tookMs)
    expect(text).not.toBe('')
    expect(verdict?.independence).toEqual({ independentVerifiers: 5, verifiers: 5 })
    expect((await replayFile(await asker.transcript(sessionId))).ok).toBe(true)
  }
  await Promise.all(swarm.map((tab) => tab.rests()))

  const memory = await chromiumMemory(browser)
  if (memory)
    console.log(`    memory: ${Math.round(memory.totalMb)} MB in all, ${Math.round(memory.perTabMb)} MB a tab`)
  note('the whole test', performance.now() - startedMs)
})

/** Resolves when the tab has its model, sees all others with theirs, and has links enough. */
async function meshed(tab: SwarmPage): Promise<void> {
  await tab.page.waitForFunction(
    ({ others, links }) => {
      const { tabswarm } = window
      if (tabswarm?.status().engine.phase !== 'ready') return false
      const direct = tabswarm.status().mesh.links.filter(({ kind }) => kind === 'direct')
      return direct.length >= links && tabswarm.peers().filter(({ engines }) => engines.length > 0).length >= others
    },
    { others: TABS - 1, links: LEAST_LINKS },
    { timeout: MESH_DEADLINE_MS, polling: 1000 },
  )
}

async function directLinks(tab: SwarmPage): Promise<number> {
  const { mesh } = await tab.status()
  return mesh.links.filter(({ kind }) => kind === 'direct').length
}

/** Where a tab stands, in one line: for whoever reads why sixteen did not mesh. */
async function standing(tab: SwarmPage): Promise<string> {
  const { engine, mesh, counters } = await tab.status()
  const peers = await tab.peers()
  const able = peers.filter(({ engines }) => engines.length > 0).length
  const links = mesh.links.map(({ kind }) => kind[0]).join('')
  return `    engine ${engine.phase}, relay ${mesh.relay}, links ${links}, sees ${peers.length}, ${able} able, ${JSON.stringify(counters)}`
}
