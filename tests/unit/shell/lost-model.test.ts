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

/** Three tabs, the second with a larger model: it answers every question, as the only one of its tier. */
async function openMixed() {
  const shelf = new FakeShelf()
  let larger: BreakingEngine | undefined
  const { clock, nodes, witness } = await openSwarm(3, {
    msPerToken: 5,
    largerModelsOf: (index) =>
      index === 1
        ? (clock) => ({
            shelf,
            engine: (larger = new BreakingEngine(new FakeEngine({ clock, modelId: 'large', tier: 1, msPerToken: 5 }))),
            locks: createFakeProfileLocks()(),
            mark: createFakeLoadMark()(),
          })
        : undefined,
  })
  const [asker, holder] = nodes.map(({ tab }) => tab?.shell)
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

async function expectAnswered({ ask, node, witness }: Mixed): Promise<void> {
  const { verdict, view } = await ask()
  expect(verdict).not.toBeNull()
  expect(view.executors.find((seat) => seat.node === node)).toMatchObject({ state: 'revealed' })
  expect(witness.violations).toEqual([])
  expect(witness.disagreements()).toEqual([])
}

test('AWAY-8: a graphics device lost in the middle costs no answer, and the embedded model is advertised', async () => {
  const mixed = await openMixed()
  expect(mixed.advertised()).toEqual(['large'])
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), new NoGpuError('no device'))
  await expectAnswered(mixed)
  expect(mixed.begun()).toBe(1)
  // That the device does not come back shows when the model is needed next.
  await expectAnswered(mixed)
  expect(mixed.begun()).toBe(1)
  expect(mixed.advertised()).toEqual(['fake'])
  expect(mixed.activity()).toMatchObject({ phase: 'failed', error: 'NoGpuError' })
})

test('AWAY-8: a device that comes back goes on with the larger model, and the answer that it broke off is there', async () => {
  const mixed = await openMixed()
  mixed.larger.breakNext(new EngineCrashedError('The model stopped working.'), null)
  await expectAnswered(mixed)
  await expectAnswered(mixed)
  expect(mixed.begun()).toBe(2)
  expect(mixed.advertised()).toEqual(['large'])
})

test('AWAY-8: a model that runs out of memory while it answers steps down at once, and the page can say why', async () => {
  const mixed = await openMixed()
  mixed.larger.breakNext(new OutOfMemoryError('The memory of the page gave out.'), null)
  await expectAnswered(mixed)
  expect(mixed.larger.describe()).toBeNull()
  expect(mixed.advertised()).toEqual(['fake'])
  expect(mixed.activity()).toMatchObject({ phase: 'failed', modelId: 'large', error: 'OutOfMemoryError' })
})
