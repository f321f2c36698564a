import { expect, test } from 'vitest'
import { EngineDesk } from '#shell/engine-desk.ts'
import { SpeedWatch } from '#shell/speed-watch.ts'
import { FakeEngine, type FakeEngineOptions } from '#support/fake-engine.ts'
import { openSwarm } from '#support/open-swarm.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const STORY = Array.from({ length: 40 }, (_, i) => `word${i}`).join(' ')

/** Writes 250 tokens a second, and was measured at 25 while the machine was busy with something else. */
const HASTY = {
  answer: () => STORY,
  speed: { prefill: 1000, decode: 250 },
  speedAtLoad: { prefill: 100, decode: 25 },
} satisfies Partial<FakeEngineOptions>

async function openWatched(contributes = true) {
  const clock = createVirtualClock()
  const announced: number[] = []
  const engine = new FakeEngine({ clock, ...HASTY })
  const desk: EngineDesk = new EngineDesk(engine, clock, () => watch.engineChanged())
  const tell = () => {
    if (!desk.description) return
    announced.push(desk.description.decodeTokensPerSecond)
    watch.telling(desk.description)
  }
  const watch = new SpeedWatch({ clock, desk, contributes: () => contributes, announce: tell })
  const loaded = desk.load('fake')
  await clock.advanceBy(50)
  await loaded
  tell()
  return { clock, desk, watch, announced }
}

test('FIT-3: a speed measured too low at load is corrected before anybody asks', async () => {
  const { clock, desk, announced } = await openWatched()
  expect(desk.description?.decodeTokensPerSecond).toBe(25)
  await clock.advanceBy(10_000)
  expect(desk.description?.decodeTokensPerSecond).toBeGreaterThan(170)
  // The first try came too soon after the announcement of the model itself to be told at once.
  await clock.advanceBy(20_000)
  expect(announced.length).toBeLessThanOrEqual(2)
  expect(desk.status).toMatchObject({ phase: 'ready', busy: false })
})

test('FIT-3: a node that does not contribute tries nothing', async () => {
  const { clock, desk } = await openWatched(false)
  await clock.advanceBy(60_000)
  expect(desk.description?.decodeTokensPerSecond).toBe(25)
})

test('FIT-3: trying gives way to work at once', async () => {
  const { clock, desk } = await openWatched()
  await clock.advanceBy(2000)
  const before = clock.now()
  const job = {
    kind: 'judge' as const,
    messages: [{ role: 'user' as const, content: 'which?' }],
    answers: [{ digest: 'aa' as never, text: 'this' }],
  }
  const judged = desk.judge(job, 'own', new AbortController().signal).then(() => clock.now() - before)
  await clock.advanceBy(100)
  expect(await judged).toBeLessThan(60)
  expect(desk.description?.decodeTokensPerSecond).toBe(25)
})

test('FIT-3: a node that was measured ten times too slow judges all the same', async () => {
  const swarm = await openSwarm(4, {
    msPerToken: 4,
    engineOf: (index) => (index === 3 ? { ...HASTY, quality: () => 0.9 } : { answer: () => STORY }),
  })
  const { clock, nodes } = swarm
  await clock.advanceBy(30_000)
  const asked = nodes[0]?.tab?.shell.ask([{ role: 'user', content: 'what is it?' }], { maxTokens: 1024 })
  await clock.advanceBy(30_000)
  const { view } = (await asked) ?? {}
  const slow = nodes[3]?.tab?.shell.status().node
  expect(view?.joined).toContain(slow)
})
