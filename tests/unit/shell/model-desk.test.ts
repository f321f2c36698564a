import { expect, test } from 'vitest'
import { DeviceLostError, DownloadFailedError } from '#ports/engine.ts'
import { EngineDesk } from '#shell/engine-desk.ts'
import { ModelDesk } from '#shell/model-desk.ts'
import { createFakeDevice } from '#support/fake-device.ts'
import { createFakeProfileLocks } from '#support/fake-locks.ts'
import { createFakeLoadMark } from '#support/fake-load-mark.ts'
import { CRASH, FakeEngine } from '#support/fake-engine.ts'
import { FakeShelf, holding } from '#support/fake-shelf.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

/** `chosen`: what this profile's person chose last. */
async function openTab(
  openLocks = createFakeProfileLocks(),
  shelf = new FakeShelf(),
  chosen: string | null = null,
  mark = createFakeLoadMark()(),
) {
  const clock = createVirtualClock()
  const home = new FakeEngine({ clock, modelId: 'embedded' })
  const larger = new FakeEngine({ clock, modelId: 'large', seed: 2 })
  let free = true
  const desk = new EngineDesk(
    home,
    clock,
    () => undefined,
    () => free,
  )
  const loading = desk.load('embedded')
  await clock.advanceBy(1000)
  await loading
  const locks = openLocks()
  let switches = 0
  const device = createFakeDevice()
  const models = new ModelDesk({
    shelf,
    engine: larger,
    locks,
    mark,
    desk,
    device,
    choice: {
      get: () => chosen,
      keep: (modelId) => {
        chosen = modelId
        return Promise.resolve()
      },
    },
    onChange: () => undefined,
    onSwitched: () => switches++,
  })
  const settle = async () => {
    for (let i = 0; i < 4; i++) await clock.advanceBy(200)
  }
  const become = async (phase: string) => {
    for (let i = 0; i < 50 && models.status.activity.phase !== phase; i++) await clock.advanceBy(50)
    expect(models.status.activity.phase).toBe(phase)
  }
  return {
    clock,
    desk,
    device,
    larger,
    locks,
    models,
    shelf,
    settle,
    become,
    setFree: (is: boolean) => (free = is),
    switches: () => switches,
    answers: () => desk.description?.modelId,
  }
}

const ask = (tab: Awaited<ReturnType<typeof openTab>>, content: string) =>
  tab.desk.generate(
    { kind: 'generate', messages: [{ role: 'user', content }], seed: 1, temperatureMilli: 0, maxTokens: 20 },
    'own',
    () => undefined,
    new AbortController().signal,
  )

test('nothing is downloaded before a yes; the embedded model answers until the larger one is ready', async () => {
  const tab = await openTab()
  await tab.models.start()
  expect(tab.shelf.asked).toEqual([])
  expect(tab.models.status).toMatchObject({ recommended: 'large', activity: { phase: 'none' } })
  void tab.models.choose('large')
  await tab.become('downloading')
  expect(tab.answers()).toBe('embedded')
  const answer = ask(tab, 'meanwhile?')
  await tab.settle()
  expect((await answer).text).not.toBe('')
  tab.shelf.finish()
  await tab.become('in-use')
  expect(tab.answers()).toBe('large')
  expect(tab.switches()).toBe(1)
})

test('a switch waits for the sessions that count on the old model, and promises nothing new meanwhile', async () => {
  const tab = await openTab(undefined, holding('large'), 'large')
  tab.setFree(false)
  void tab.models.start()
  await tab.become('loading')
  await tab.settle()
  expect([tab.desk.switching, tab.answers()]).toEqual([true, 'embedded'])
  tab.setFree(true)
  tab.desk.settle()
  await tab.become('in-use')
  expect([tab.desk.switching, tab.answers()]).toEqual([false, 'large'])
})

test('AWAY-7: one tab of a profile holds a larger model; the next takes over when it closes', async () => {
  const openLocks = createFakeProfileLocks()
  const shelf = holding('large')
  const [one, other] = [await openTab(openLocks, shelf, 'large'), await openTab(openLocks, shelf, 'large')]
  void one.models.start()
  await one.become('in-use')
  void other.models.start()
  await other.become('elsewhere')
  expect(other.answers()).toBe('embedded')
  one.locks.closeTab()
  await other.become('in-use')
})

test('a cancelled download leaves everything as it was, and so does a cancelled wait', async () => {
  const openLocks = createFakeProfileLocks()
  const tab = await openTab(openLocks)
  void tab.models.choose('large')
  await tab.become('downloading')
  await tab.models.cancel()
  expect(tab.models.status.activity).toEqual({ phase: 'none' })
  const holder = await openLocks().tryAcquire('tabswarm-webgpu-model')
  void tab.models.choose('large')
  await tab.become('downloading')
  tab.shelf.finish()
  await tab.become('elsewhere')
  await tab.models.cancel()
  holder?.()
  await tab.settle()
  expect([tab.models.status.activity.phase, tab.answers()]).toEqual(['none', 'embedded'])
})

test('a failure is told by name, frees the lock, and can be tried again', async () => {
  const openLocks = createFakeProfileLocks()
  const tab = await openTab(openLocks)
  void tab.models.choose('large')
  await tab.become('downloading')
  tab.shelf.finish(new DeviceLostError('gone'))
  await tab.become('failed')
  expect(tab.models.status.activity).toMatchObject({ error: 'DeviceLostError' })
  void tab.models.choose('small')
  await tab.become('downloading')
  tab.shelf.finish()
  // The fake engine knows no model of this name.
  await tab.become('failed')
  expect(tab.models.status.activity).toMatchObject({ modelId: 'small', error: 'ModelLoadError' })
  expect(await openLocks().tryAcquire('tabswarm-webgpu-model')).not.toBeNull()
})

test('removing the model in use goes back to the embedded one', async () => {
  const tab = await openTab(undefined, holding('large'), 'large')
  void tab.models.start()
  await tab.become('in-use')
  await tab.models.remove('large')
  expect(tab.answers()).toBe('embedded')
  expect(tab.models.status.offers.some(({ downloaded }) => downloaded)).toBe(false)
  expect(tab.larger.describe()).toBeNull()
  expect(tab.switches()).toBe(2)
})

test('AWAY-8: when the larger model is lost for good, the embedded one answers the question that was asked of it', async () => {
  const tab = await openTab(undefined, holding('large'), 'large')
  void tab.models.start()
  await tab.become('in-use')
  await tab.larger.unload()
  const answer = ask(tab, 'still there?')
  await tab.settle()
  expect((await answer).text).not.toBe('')
  expect(tab.answers()).toBe('embedded')
  await tab.become('failed')
})

test('AWAY-8: a crash that the larger engine survives changes nothing', async () => {
  const tab = await openTab(undefined, holding('large'), 'large')
  void tab.models.start()
  await tab.become('in-use')
  const crashed = expect(ask(tab, CRASH)).rejects.toMatchObject({ name: 'EngineCrashedError' })
  await tab.settle()
  await crashed
  expect(tab.answers()).toBe('large')
})

test('the last choice is taken up after a reload, another that is here is not', async () => {
  const shelf = holding('large')
  shelf.downloaded.add('small')
  const tab = await openTab(undefined, shelf, 'large')
  void tab.models.start()
  await tab.become('in-use')
  expect(tab.answers()).toBe('large')
  await tab.models.useEmbedded()
  expect([tab.models.status.chosen, tab.answers()]).toEqual([null, 'embedded'])
  expect(shelf.downloaded.has('large')).toBe(true)

  const later = await openTab(undefined, shelf, tab.models.status.chosen)
  await later.models.start()
  await later.settle()
  expect([later.models.status.activity.phase, later.answers()]).toEqual(['none', 'embedded'])
})

test('what was chosen and is not here whole waits for a yes', async () => {
  const tab = await openTab(undefined, new FakeShelf(), 'large')
  await tab.models.start()
  await tab.settle()
  expect(tab.shelf.asked).toEqual([])
  expect(tab.models.status).toMatchObject({ chosen: 'large', activity: { phase: 'none' } })
})

test('a download that the network broke goes on by itself when it is back, and not after another choice', async () => {
  const tab = await openTab()
  void tab.models.choose('large')
  await tab.become('downloading')
  tab.shelf.finish(new DownloadFailedError('cut'))
  await tab.become('failed')
  tab.device.change({ visibility: 'hidden' })
  await tab.settle()
  expect(tab.shelf.asked).toEqual(['large'])
  tab.device.change({ online: false })
  tab.device.change({ online: true })
  await tab.become('downloading')
  expect(tab.shelf.asked).toEqual(['large', 'large'])

  tab.shelf.finish(new DownloadFailedError('cut'))
  await tab.become('failed')
  await tab.models.useEmbedded()
  tab.device.change({ online: false })
  tab.device.change({ online: true })
  await tab.settle()
  expect(tab.shelf.asked).toHaveLength(2)
})

test('AWAY-5: a model that the page broke off at is not loaded by itself, and is when a person says so', async () => {
  const [openLocks, shelf, openMark] = [createFakeProfileLocks(), new FakeShelf(), createFakeLoadMark()]
  shelf.downloaded.add('large')
  openMark().set('large')
  for (let reload = 0; reload < 2; reload++) {
    const tab = await openTab(openLocks, shelf, 'large', openMark())
    void tab.models.start()
    await tab.become('failed')
    expect(tab.models.status.activity).toMatchObject({ modelId: 'large', error: 'LoadBrokeOffError' })
    expect([tab.answers(), tab.larger.describe()]).toEqual(['embedded', null])
    tab.locks.closeTab()
  }
  const tab = await openTab(openLocks, shelf, 'large', openMark())
  void tab.models.choose('large')
  await tab.become('downloading')
  tab.shelf.finish()
  await tab.become('in-use')
  expect(openMark().read()).toBeNull()
})

test('AWAY-5: a model that says why it does not load is tried again after a reload', async () => {
  const openMark = createFakeLoadMark()
  const tab = await openTab(createFakeProfileLocks(), new FakeShelf(), null, openMark())
  void tab.models.choose('small')
  await tab.become('downloading')
  tab.shelf.finish()
  await tab.become('failed')
  expect(openMark().read()).toBeNull()
})
