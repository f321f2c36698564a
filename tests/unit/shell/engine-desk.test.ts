import { expect, test } from 'vitest'
import { EngineDesk } from '#shell/engine-desk.ts'
import { CRASH, DAMAGED_MODEL, FakeEngine } from '#support/fake-engine.ts'
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

const never = new AbortController().signal

test('JOIN-3: own questions come before foreign ones that wait, each in the order in which they came', async () => {
  const { clock, desk } = await openDesk()
  const order: string[] = []
  const ask = (name: string, own: boolean) =>
    desk.generate(jobOf(name), own, () => undefined, never).then(() => order.push(name))
  const all = [
    ask('first', false),
    ask('foreign 1', false),
    ask('foreign 2', false),
    ask('own 1', true),
    ask('own 2', true),
  ]
  await clock.advanceBy(10_000)
  await Promise.all(all)
  expect(order).toEqual(['first', 'own 1', 'own 2', 'foreign 1', 'foreign 2'])
})

test('a job that is withdrawn while it waits never runs, and the next one does', async () => {
  const { clock, desk } = await openDesk()
  const stop = new AbortController()
  const texts: string[] = []
  const running = desk.generate(jobOf('running'), false, () => undefined, never)
  const withdrawn = desk.generate(jobOf('withdrawn'), false, (text) => texts.push(text), stop.signal)
  const next = desk.generate(jobOf('next'), false, () => undefined, never)
  stop.abort(new DOMException('no longer wanted', 'AbortError'))
  await expect(withdrawn).rejects.toMatchObject({ name: 'AbortError' })
  await clock.advanceBy(10_000)
  expect((await running).text).not.toBe('')
  expect((await next).text).not.toBe('')
  expect(texts).toEqual([])
})

test('an engine’s error reaches who asked, and the desk goes on', async () => {
  const { clock, desk } = await openDesk()
  const crashed = desk.generate(jobOf(CRASH), false, () => undefined, never)
  const failure = expect(crashed).rejects.toMatchObject({ name: 'EngineCrashedError' })
  const next = desk.generate(jobOf('next'), false, () => undefined, never)
  await clock.advanceBy(10_000)
  await failure
  expect((await next).tokens).toBeGreaterThan(0)
  expect(desk.status).toMatchObject({ phase: 'ready', busy: false })
})

test('a text grows piece by piece, and ends as what was answered', async () => {
  const { clock, desk } = await openDesk()
  const texts: string[] = []
  const answer = desk.generate(jobOf('which?'), true, (text) => texts.push(text), never)
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
