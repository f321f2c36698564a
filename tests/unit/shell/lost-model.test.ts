import { expect, test } from 'vitest'
import { EngineCrashedError, NoGpuError, OutOfMemoryError } from '#ports/engine.ts'
import type { Answer } from '#shell/facade.ts'
import { BreakingEngine } from '#support/breaking-engine.ts'
import { FakeEngine } from '#support/fake-engine.ts'
import { createFakeLoadMark } from '#support/fake-load-mark.ts'
import { createFakeProfileLocks } from '#support/fake-locks.ts'
import { FakeShelf } from '#support/fake-shelf.ts'
import { openSwarm } from '#support/open-swarm.ts'

const QUESTION = 'what is it?'

/** Tabs, one with a larger model: it answers every question, as the only one of its tier. */
async function openMixed({ size = 3, holder: place = 1 } = {}) {
  const shelf = new FakeShelf()
  let larger: BreakingEngine | undefined
  const { clock, nodes, witness } = await openSwarm(size, {
    msPerToken: 5,
    largerModelsOf: (index) =>
      index === place
        ? (clock) => ({
            shelf,
            engine: (larger = new BreakingEngine(new FakeEngine({ clock, modelId: 'large', tier: 1, msPerToken: 5 }))),
            locks: createFakeProfileLocks()(),
            mark: createFakeLoadMark()(),
          })
        : undefined,
  })
  const asker = nodes[0]?.tab?.shell
  const holder = nodes[place]?.tab?.shell
  if (!asker || !holder || !larger) throw new Error('a tab is missing')
  void holder.models?.choose('large')
  await clock.advanceBy(1000)
  shelf.finish()
  await clock.advanceBy(5000)
  const node = holder.status().node
  return {
    clock,
    witness,
    larger,
    node,
    /** What the asker knows of the holder's models. */
    advertised: () =>
      asker
        .peers()
        .find((peer) => peer.node === node)
        ?.engines.map(({ modelName }) => modelName),
    /** Questions that the larger model began to answer. */
    begun: () => larger?.begun.filter((content) => content === QUESTION).length,
    activity: () => holder.status().models?.activity,
    async ask(): Promise<Answer> {
      const asked = asker.ask([{ role: 'user', content: QUESTION }])
      await clock.advanceBy(30_000)
      return asked
    },
  }
}

type Mixed = Awaited<ReturnType<typeof openMixed>>

/** The question is answered, and the holder's seat is as said: an answer that its larger model broke off is nobody's. */
async function expectAnswered({ ask, node, witness }: Mixed, state: 'revealed' | 'late'): Promise<void> {
  const { verdict, view } = await ask()
  expect(verdict).not.toBeNull()
  expect(view.executors.find((seat) => seat.node === node)).toMatchObject({ state })
  expect(witness.violations).toEqual([])
  expect(witness.disagreements()).toEqual([])
}

test('AWAY-8, EXE-6: a graphics device lost in the middle costs a seat, and the embedded model is advertised at once', async () => {
  const mixed = await openMixed()
  expect(mixed.advertised()).toEqual(['large'])
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), new NoGpuError('no device'))
  await expectAnswered(mixed, 'late')
  expect(mixed.begun()).toBe(1)
  expect(mixed.advertised()).toEqual(['fake'])
  expect(mixed.activity()).toMatchObject({ phase: 'failed', error: 'NoGpuError' })
  await expectAnswered(mixed, 'revealed')
})

test('AWAY-8: a device that comes back goes on with the larger model', async () => {
  const mixed = await openMixed()
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), null)
  await expectAnswered(mixed, 'late')
  await expectAnswered(mixed, 'revealed')
  expect(mixed.begun()).toBe(2)
  expect(mixed.advertised()).toEqual(['large'])
})

test('AWAY-8: a model that runs out of memory while it answers steps down at once, and the page can say why', async () => {
  const mixed = await openMixed()
  mixed.larger.breakNext(new OutOfMemoryError('The memory of the page gave out.'), null)
  await expectAnswered(mixed, 'late')
  expect(mixed.larger.describe()).toBeNull()
  expect(mixed.advertised()).toEqual(['fake'])
  expect(mixed.activity()).toMatchObject({ phase: 'failed', modelId: 'large', error: 'OutOfMemoryError' })
})

test('AWAY-8: a device that is lost while nobody asks is found out', async () => {
  const mixed = await openMixed()
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), new NoGpuError('no device'))
  await mixed.clock.advanceBy(30_000)
  expect(mixed.advertised()).toEqual(['fake'])
})

test('EXE-5, AWAY-8: a model that stands still costs a seat and no stage, and is given up', async () => {
  const mixed = await openMixed()
  mixed.larger.standStill()
  await expectAnswered(mixed, 'late')
  await mixed.clock.advanceBy(60_000)
  expect(mixed.advertised()).toEqual(['fake'])
})

test('END-2, EXE-6: what a larger model breaks off of a lonely question is answered by the embedded one, and so named', async () => {
  const mixed = await openMixed({ size: 1, holder: 0 })
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), new NoGpuError('no device'))
  const { text, view } = await mixed.ask()
  expect(text).not.toBe('')
  expect(view).toMatchObject({ outcome: 'alone', aloneModel: 'fake' })
})
