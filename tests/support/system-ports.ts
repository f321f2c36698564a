import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'

/** The machine's own time. */
export function createSystemClock(): Clock {
  return {
    now: () => performance.now(),
    wallTimeMs: () => Date.now(),
    setTimer(at, callback) {
      const timer = setTimeout(callback, Math.max(0, at - performance.now()))
      return () => clearTimeout(timer)
    },
  }
}

/** Counts, and hands what is logged to `listener` only. */
export function createSilentLogger(listener: Logger['log'] = () => undefined): Logger {
  const counts: Record<string, number> = {}
  return {
    count: (name) => (counts[name] = (counts[name] ?? 0) + 1),
    counts: () => counts,
    log: listener,
  }
}
