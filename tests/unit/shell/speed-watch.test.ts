import { expect, test, vi } from 'vitest'
import { EngineDesk } from '#shell/engine-desk.ts'
import { SpeedWatch } from '#shell/speed-watch.ts'
import { FakeEngine, type FakeEngineOptions } from '#support/fake-engine.ts'
import { openSwarm } from '#support/open-swarm.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

vi.setConfig({ testTimeout: 60_000 })

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
  await clock.advanceBy(2500)
  expect(desk.description?.decodeTokensPerSecond).toBeGreaterThan(170)
  // What differs little is told with the next announcement, whatever that is for.
  await clock.advanceBy(600_000)
  expect(announced).toEqual([25, desk.description?.decodeTokensPerSecond])
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

test('FIT-3, LEAD-11: sixteen nodes of which six were measured ten times too slow fill thirteen seats', async () => {
  const { clock, nodes } = await openSwarm(16, {
    msPerToken: 4,
    engineOf: (index) => (index % 3 === 0 ? HASTY : { ...HASTY, speedAtLoad: HASTY.speed }),
  })
  const speeds = nodes.map(({ tab }) => {
    const { engine } = tab?.shell.status() ?? {}
    return engine?.phase === 'ready' ? engine.description.decodeTokensPerSecond : 0
  })
  expect(Math.min(...speeds)).toBeGreaterThan(170)
  const slow = nodes.filter((_, index) => index % 3 === 0).map(({ tab }) => tab?.shell.status().node)
  const asked = nodes[1]?.tab?.shell.ask([{ role: 'user', content: 'what is it?' }], { executors: 4, verifiers: 9 })
  await clock.advanceBy(30_000)
  const { view, verdict } = (await asked) ?? {}
  expect(verdict?.independence).toEqual({ independentVerifiers: 9, verifiers: 9 })
  expect(view?.joined.some((node) => slow.includes(node))).toBe(true)
})
