import { Worker as NodeWorker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { createClock } from '#adapters/clock/create-clock.ts'
import type { AlarmOrder } from '#adapters/clock/worker-alarm.ts'
import { clockContract } from './clock.contract.ts'

const threads: NodeWorker[] = []

afterEach(async () => {
  await Promise.all(threads.splice(0).map((thread) => thread.terminate()))
})

/** A thread that does what clock.worker.ts does, behind the interface of a page's worker. */
function startThread(): Worker {
  const thread = new NodeWorker(
    `const { parentPort } = require('node:worker_threads')
     const handles = new Map()
     parentPort.on('message', ({ id, delayMs }) => {
       if (delayMs === null) clearTimeout(handles.get(id))
       else handles.set(id, setTimeout(() => parentPort.postMessage(id), delayMs))
     })`,
    { eval: true },
  )
  threads.push(thread)
  const worker = {
    onmessage: null as ((event: { data: number }) => void) | null,
    onerror: null as (() => void) | null,
    postMessage: (order: AlarmOrder) => thread.postMessage(order),
    terminate: () => void thread.terminate(),
  }
  thread.on('message', (data: number) => worker.onmessage?.({ data }))
  thread.on('error', () => worker.onerror?.())
  return worker as unknown as Worker
}

clockContract('this thread', () => createClock())
clockContract('a worker', () => createClock({ startWorker: startThread }))

describe('a clock whose worker fails', () => {
  it('goes on in this thread where a worker cannot start', async () => {
    let failures = 0
    const clock = createClock({
      startWorker: () => {
        throw new DOMException('blocked', 'SecurityError')
      },
      onWorkerFailed: () => failures++,
    })
    await new Promise<void>((resolve) => clock.setTimer(clock.now() + 5, resolve))
    expect(failures).toBe(1)
  })

  it('goes on in this thread with every timer of a worker that dies', async () => {
    let worker: Worker | undefined
    const clock = createClock({ startWorker: () => (worker = startThread()) })
    const rung = [5, 10].map((delay) => new Promise<void>((resolve) => clock.setTimer(clock.now() + delay, resolve)))
    worker?.onerror?.(new Event('error') as ErrorEvent)
    await Promise.all(rung)
  })
})
