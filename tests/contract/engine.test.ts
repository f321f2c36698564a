import { describe, it } from 'vitest'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine } from '#ports/engine.ts'
import { CRASH, DAMAGED_MODEL, FakeEngine } from '#support/fake-engine.ts'
import { hostedInThread } from '#support/hosted-engine.ts'
import { engineContract } from './engine.contract.ts'

/** Time passes as fast as the event loop turns, but one turn at a time. */
const hurriedClock: Clock = {
  now: () => 0,
  wallTimeMs: () => 0,
  setTimer: (_, callback) => {
    const timer = setImmediate(callback)
    return () => clearImmediate(timer)
  },
}

const fake = (): Engine => new FakeEngine({ clock: hurriedClock })

const QUESTION = [{ role: 'user' as const, content: 'hello' }]
const crash = { modelId: 'fake', provoke: (engine: Engine) => engine.judge(QUESTION, [CRASH]) }

describe.each([
  { name: 'fake engine', create: fake },
  { name: 'fake engine behind a worker boundary', create: () => new WorkerEngine(() => hostedInThread(fake())) },
])('$name', ({ create }) => {
  for (const { title, run } of engineContract({
    create,
    modelId: 'fake',
    piecesInFlight: 1,
    damagedModelId: DAMAGED_MODEL,
    crash,
  })) {
    it(title, run)
  }
})
