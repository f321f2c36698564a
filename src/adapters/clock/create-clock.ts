import type { Clock } from '#ports/clock.ts'
import type { Alarm } from './alarm.ts'
import { createTimeoutAlarm } from './timeout-alarm.ts'
import { createWorkerAlarm } from './worker-alarm.ts'

/** Platforms' timers fire at once beyond 31 bits. What rings early is armed again. */
const MAX_DELAY_MS = 2 ** 31 - 1

export interface ClockInit {
  /**
   * Starts `src/workers/clock.worker.ts`. Given in pages: browsers clamp a hidden tab's own timers to one a second, then
   * to one a minute, and leave those of its workers alone. Not given in Node, which clamps nothing.
   */
  readonly startWorker?: () => Worker
  /** Hears why timers run on the window after all. */
  readonly onWorkerFailed?: () => void
}

export function createClock({ startWorker, onWorkerFailed = () => undefined }: ClockInit = {}): Clock {
  /** What to call back, and when at the earliest, by id. */
  const timers = new Map<number, { at: number; callback: () => void }>()
  let nextId = 0
  let alarm: Alarm = createTimeoutAlarm(ring)
  if (startWorker !== undefined) {
    alarm = createWorkerAlarm(startWorker, ring, () => {
      alarm = createTimeoutAlarm(ring)
      for (const [id, { at }] of timers) arm(id, at)
      onWorkerFailed()
    })
  }

  function arm(id: number, at: number) {
    const delayMs = Math.ceil(at - performance.now())
    alarm.set(id, Math.min(Math.max(0, delayMs), MAX_DELAY_MS))
  }

  function ring(id: number) {
    const timer = timers.get(id)
    if (timer === undefined) return
    // Two threads' clocks and rounding: an alarm may ring a fraction of a millisecond before its time.
    if (performance.now() < timer.at) return arm(id, timer.at)
    timers.delete(id)
    timer.callback()
  }

  return {
    now: () => performance.now(),
    wallTimeMs: () => Date.now(),
    setTimer(at, callback) {
      const id = nextId++
      timers.set(id, { at, callback })
      arm(id, at)
      return () => {
        if (timers.delete(id)) alarm.clear(id)
      }
    },
  }
}
