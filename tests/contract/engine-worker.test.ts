import { afterEach, describe, expect, it, vi } from 'vitest'
import { WorkerEngine, type EngineWorker } from '#adapters/engine/worker-engine.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { EngineCrashedError, OutOfMemoryError, type Engine } from '#ports/engine.ts'
import { FakeEngine } from '#support/fake-engine.ts'
import { hostedInThread } from '#support/hosted-engine.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const QUESTION: ChatMessage[] = [{ role: 'user', content: 'hello' }]
const OPTIONS = { seed: 1, temperature: 0, maxTokens: 50 }

interface TestWorker extends EngineWorker {
  readonly fail: () => void
  readonly terminated: boolean
}

/** Workers whose engines answer at once, or, as `hung` says, never; the first one's judge throws `failure`, if any. */
function workers(hung: (index: number) => boolean, failure?: Error) {
  const spawned: TestWorker[] = []
  const spawn = (): EngineWorker => {
    const index = spawned.length
    const clock = createVirtualClock()
    const instant = { ...clock, setTimer: (_: number, fire: () => void) => (fire(), () => {}) }
    const engine: Engine = new FakeEngine({ clock: instant })
    if (hung(index)) engine.judge = () => new Promise(() => {})
    if (failure && index === 0) engine.judge = () => Promise.reject(failure)
    const hosted = hostedInThread(engine)
    let fail: () => void = () => {}
    let terminated = false
    const worker: TestWorker = {
      ...hosted,
      onFailure: (listener) => (fail = () => listener('out of memory')),
      terminate: () => {
        terminated = true
        hosted.terminate()
      },
      fail: () => fail(),
      get terminated() {
        return terminated
      },
    }
    spawned.push(worker)
    return worker
  }
  return { spawn, spawned }
}

const onlyFirst = (index: number): boolean => index === 0

afterEach(() => vi.useRealTimers())

describe('WorkerEngine', () => {
  it('fails the running call when its worker fails, and goes on with a new worker and the same model', async () => {
    const { spawn, spawned } = workers(onlyFirst)
    const engine = new WorkerEngine(spawn)
    await engine.load('fake')
    const doomed = engine.judge(QUESTION, ['a'])
    const next = engine.judge(QUESTION, ['a'])
    await vi.waitFor(() => expect(spawned).toHaveLength(1))
    setImmediate(() => spawned[0]?.fail())
    await expect(doomed).rejects.toThrow(EngineCrashedError)
    expect(await next).toHaveLength(1)
    expect(spawned.map(({ terminated }) => terminated)).toEqual([true, false])
    await engine.unload()
  })

  it('replaces a worker that fails between calls', async () => {
    const { spawn, spawned } = workers(() => false)
    const engine = new WorkerEngine(spawn)
    await engine.load('fake')
    spawned[0]?.fail()
    expect(await engine.judge(QUESTION, ['a'])).toHaveLength(1)
    expect(spawned).toHaveLength(2)
    expect(engine.describe()?.modelId).toBe('fake')
    await engine.unload()
    expect(spawned.every(({ terminated }) => terminated)).toBe(true)
  })

  it('AWAY-8: gives up a worker whose memory gave out, and loads the model anew for the next call only', async () => {
    const { spawn, spawned } = workers(() => false, new OutOfMemoryError('The memory of the page gave out.'))
    const engine = new WorkerEngine(spawn)
    await engine.load('fake')
    await expect(engine.judge(QUESTION, ['a'])).rejects.toThrow(OutOfMemoryError)
    expect(spawned.map(({ terminated }) => terminated)).toEqual([true])
    expect(await engine.judge(QUESTION, ['a'])).toHaveLength(1)
    expect(spawned).toHaveLength(2)
    await engine.unload()
  })

  it('gives up a worker that does not end an aborted call', async () => {
    const { spawn, spawned } = workers(onlyFirst)
    const engine = new WorkerEngine(spawn)
    await engine.load('fake')
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const abort = new AbortController()
    const hung = engine.judge(QUESTION, ['a'], abort.signal)
    const outcome = expect(hung).rejects.toMatchObject({ name: 'AbortError' })
    await new Promise((resolve) => setImmediate(resolve))
    abort.abort()
    await vi.advanceTimersByTimeAsync(5_000)
    await outcome
    vi.useRealTimers()
    expect(await engine.judge(QUESTION, ['a'])).toHaveLength(1)
    expect(spawned).toHaveLength(2)
    await engine.unload()
  })

  it('does not try for ever to replace a worker that fails while it loads', async () => {
    const { spawn, spawned } = workers(() => false)
    const engine = new WorkerEngine(() => {
      const worker = spawn()
      setImmediate(() => spawned.at(-1)?.fail())
      return { ...worker, endpoint: new MessageChannel().port1 }
    })
    await expect(engine.load('fake')).rejects.toThrow(EngineCrashedError)
    await new Promise((resolve) => setImmediate(resolve))
    expect(spawned).toHaveLength(1)
    expect(engine.describe()).toBeNull()
  })

  it('delivers every piece before the result', async () => {
    const { spawn } = workers(() => false)
    const engine = new WorkerEngine(spawn)
    await engine.load('fake')
    for (let round = 0; round < 20; round++) {
      const tokens = engine.generate(QUESTION, OPTIONS)
      let text = ''
      for (;;) {
        const next = await tokens.next()
        if (next.done) {
          expect(text).toBe(next.value.text)
          break
        }
        text += next.value.text
      }
    }
    await engine.unload()
  })
})
