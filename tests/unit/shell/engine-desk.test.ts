import { expect, test } from 'vitest'
import type { Digest } from '#core/protocol/ids.ts'
import type { Client } from '#core/swarm/turns.ts'
import { EngineDesk } from '#shell/engine-desk.ts'
import { BreakingEngine } from '#support/breaking-engine.ts'
import { CRASH, DAMAGED_MODEL, FakeEngine } from '#support/fake-engine.ts'
import { nodeId, operatorId } from '#support/session-pair.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

async function openDesk() {
  const clock = createVirtualClock()
  const desk = new EngineDesk(new FakeEngine({ clock }), clock, () => undefined)
  const loaded = desk.load('fake')
  await clock.advanceBy(1000)
  await loaded
  return { clock, desk }
}

const jobOf = (content: string) => ({
  kind: 'generate' as const,
  messages: [{ role: 'user' as const, content }],
  seed: 1,
  temperatureMilli: 0,
  maxTokens: 50,
})

const own = 'own' as const
const foreign: Client = { leader: nodeId('ann'), operator: operatorId('ann') }

const never = new AbortController().signal

test('JOIN-5: own questions come before foreign ones that wait, each in the order in which they came', async () => {
  const { clock, desk } = await openDesk()
  const order: string[] = []
  const ask = (name: string, client: Client) =>
    desk.generate(jobOf(name), client, () => undefined, never).then(() => order.push(name))
  const all = [
    ask('first', foreign),
    ask('foreign 1', foreign),
    ask('foreign 2', foreign),
    ask('own 1', own),
    ask('own 2', own),
  ]
  await clock.advanceBy(10_000)
  await Promise.all(all)
  expect(order).toEqual(['first', 'own 1', 'own 2', 'foreign 1', 'foreign 2'])
})

test('JOIN-5: whoever asks for much waits for whoever asks for little, each operator as one', async () => {
  const { clock, desk } = await openDesk()
  const order: string[] = []
  const ask = (leader: string, operator: string) =>
    desk
      .generate(jobOf(leader), { leader: nodeId(leader), operator: operatorId(operator) }, () => undefined, never)
      .then(() => order.push(leader))
  const all = [
    ...['gus 1', 'gus 1', 'gus 1', 'gus 2', 'gus 2'].map((leader) => ask(leader, 'gus')),
    ask('ann', 'ann'),
    ask('bob', 'bob'),
  ]
  await clock.advanceBy(10_000)
  await Promise.all(all)
  expect(order).toEqual(['gus 1', 'ann', 'bob', 'gus 2', 'gus 1', 'gus 2', 'gus 1'])
})

test('JOIN-5: no stream of newcomers keeps a job waiting for ever', async () => {
  const { clock, desk } = await openDesk()
  const order: string[] = []
  const ask = (name: string) =>
    desk
      .generate(jobOf(name), { leader: nodeId(name), operator: operatorId(name) }, () => undefined, never)
      .then(() => {
        order.push(name)
        // Each has another successor, of whom this engine has never heard.
        if (order.length < 40) void ask(`newcomer ${order.length}`)
      })
  void ask('known')
  await clock.advanceBy(200)
  void ask('first of many')
  const doneBefore = order.length
  void ask('known')
  await clock.advanceBy(20_000)
  const between = order.lastIndexOf('known') - doneBefore
  // The one at work, the one in line before it, and eight that overtook it.
  expect(between).toBeGreaterThan(1)
  expect(between).toBeLessThanOrEqual(10)
})

test('JOIN-5: foreign jobs that wait are bounded, and own ones still come through', async () => {
  const { clock, desk } = await openDesk()
  const outcomes = Array.from({ length: 40 }, () =>
    desk
      .generate(jobOf('much'), foreign, () => undefined, never)
      .then(
        () => 'done',
        (error: Error) => error.name,
      ),
  )
  expect(desk.foreignInLine).toBe(16)
  const mine = desk.generate(jobOf('mine'), own, () => undefined, never)
  await clock.advanceBy(30_000)
  expect((await mine).tokens).toBeGreaterThan(0)
  expect((await Promise.all(outcomes)).filter((outcome) => outcome === 'EngineBusyError')).toHaveLength(40 - 17)
})

test('a job that is withdrawn while it waits never runs, and the next one does', async () => {
  const { clock, desk } = await openDesk()
  const stop = new AbortController()
  const texts: string[] = []
  const running = desk.generate(jobOf('running'), foreign, () => undefined, never)
  const withdrawn = desk.generate(jobOf('withdrawn'), foreign, (text) => texts.push(text), stop.signal)
  const next = desk.generate(jobOf('next'), foreign, () => undefined, never)
  stop.abort(new DOMException('no longer wanted', 'AbortError'))
  await expect(withdrawn).rejects.toMatchObject({ name: 'AbortError' })
  await clock.advanceBy(10_000)
  expect((await running).text).not.toBe('')
  expect((await next).text).not.toBe('')
  expect(texts).toEqual([])
})

test('an engine’s error reaches who asked, and the desk goes on', async () => {
  const { clock, desk } = await openDesk()
  const crashed = desk.generate(jobOf(CRASH), foreign, () => undefined, never)
  const failure = expect(crashed).rejects.toMatchObject({ name: 'EngineCrashedError' })
  const next = desk.generate(jobOf('next'), foreign, () => undefined, never)
  await clock.advanceBy(10_000)
  await failure
  expect((await next).tokens).toBeGreaterThan(0)
  expect(desk.status).toMatchObject({ phase: 'ready', busy: false })
})

test('a text grows piece by piece, and ends as what was answered', async () => {
  const { clock, desk } = await openDesk()
  const texts: string[] = []
  const answer = desk.generate(jobOf('which?'), own, (text) => texts.push(text), never)
  await clock.advanceBy(10_000)
  expect(texts.length).toBeGreaterThan(1)
  expect(texts.at(-1)).toBe((await answer).text)
})

test('a model that cannot be loaded is a state, not an exception', async () => {
  const clock = createVirtualClock()
  const desk = new EngineDesk(new FakeEngine({ clock }), clock, () => undefined)
  await desk.load(DAMAGED_MODEL)
  expect(desk.status).toEqual({ phase: 'failed', error: 'ModelLoadError' })
  expect(desk.description).toBeNull()
})

test('EXE-5: an engine that stands still fails its job after 30 s, and the next one has its turn', async () => {
  const clock = createVirtualClock()
  const engine = new BreakingEngine(new FakeEngine({ clock }))
  const desk = new EngineDesk(engine, clock, () => undefined)
  const loaded = desk.load('fake')
  await clock.advanceBy(1000)
  await loaded
  engine.standStill()
  const failed: string[] = []
  const fails = (job: Promise<unknown>) => job.catch((error: Error) => failed.push(error.name))
  void fails(desk.generate(jobOf('first'), foreign, () => undefined, never))
  void fails(desk.judge({ ...jobOf('second'), kind: 'judge', answers: [] }, foreign, never))
  await clock.advanceBy(29_000)
  expect(failed).toEqual([])
  await clock.advanceBy(2000)
  expect(failed).toEqual(['EngineCrashedError'])
  await clock.advanceBy(30_000)
  expect(failed).toHaveLength(2)
  expect(desk.status).toMatchObject({ phase: 'ready', busy: false })
})

test('EXE-5: an engine that is slow, and goes on, is waited for', async () => {
  const clock = createVirtualClock()
  const desk = new EngineDesk(new FakeEngine({ clock, msPerToken: 20_000 }), clock, () => undefined)
  const loaded = desk.load('fake')
  await clock.advanceBy(1000)
  await loaded
  const answer = desk.generate(jobOf('which?'), own, () => undefined, never)
  await clock.advanceBy(3_000_000)
  expect((await answer).tokens).toBeGreaterThan(1)
})

test('EXE-6: what was promised in the name of one model is not done by another', async () => {
  const { clock, desk } = await openDesk()
  const other = 'ab'.repeat(32) as Digest
  await expect(desk.generate(jobOf('first'), foreign, () => undefined, never, other)).rejects.toMatchObject({
    name: 'ModelChangedError',
  })
  const mine = desk.generate(jobOf('first'), foreign, () => undefined, never, desk.description?.modelDigest)
  await clock.advanceBy(10_000)
  expect((await mine).by.modelDigest).toBe(desk.description?.modelDigest)
})
