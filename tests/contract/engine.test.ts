import { expose } from 'comlink'
import { describe, it } from 'vitest'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { WorkerEngine, type EngineWorker } from '#adapters/engine/worker-engine.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine } from '#ports/engine.ts'
import { CRASH, DAMAGED_MODEL, FakeEngine } from '#support/fake-engine.ts'
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

/** The real boundary of a worker, in one thread. */
function fakeWorker(): EngineWorker {
  const { port1, port2 } = new MessageChannel()
  expose(new EngineHost(fake()), port1)
  return {
    endpoint: port2,
    onFailure: () => {},
    terminate: () => {
      port1.close()
      port2.close()
    },
  }
}

const QUESTION = [{ role: 'user' as const, content: 'hello' }]
const crash = { modelId: 'fake', provoke: (engine: Engine) => engine.judge(QUESTION, [CRASH]) }

describe.each([
  { name: 'fake engine', create: fake },
  { name: 'fake engine behind a worker boundary', create: () => new WorkerEngine(fakeWorker) },
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
