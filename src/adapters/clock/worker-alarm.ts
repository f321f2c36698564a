import type { Alarm } from './alarm.ts'

/** To the worker: set an alarm, or clear it where `delayMs` is null. The worker answers with the id when it rings. */
export interface AlarmOrder {
  readonly id: number
  readonly delayMs: number | null
}

/** Alarms that tick in a worker. Calls `onFailed` once when the worker cannot start or dies; then it rings no more. */
export function createWorkerAlarm(startWorker: () => Worker, ring: (id: number) => void, onFailed: () => void): Alarm {
  let worker: Worker | null = null
  const order = (message: AlarmOrder) => worker?.postMessage(message)

  function fail() {
    worker?.terminate()
    worker = null
    onFailed()
  }

  try {
    worker = startWorker()
    worker.onmessage = (event: MessageEvent<number>) => ring(event.data)
    worker.onerror = fail
  } catch {
    // Blocked by a policy: after the caller has this alarm in hand, so that it can be replaced like one that died.
    queueMicrotask(fail)
  }

  return {
    set: (id, delayMs) => order({ id, delayMs }),
    clear: (id) => order({ id, delayMs: null }),
  }
}
