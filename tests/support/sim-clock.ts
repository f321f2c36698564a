import type { Clock } from '#ports/clock.ts'

export interface TabClockInit {
  readonly clock: Clock
  /** Where this machine's monotonic clock stood when the simulation's stood at 0. */
  readonly offsetMs: number
  /** How far this machine's wall clock is off. */
  readonly wallOffsetMs: number
  /** How fast this machine's clock runs: 1.001 gains a millisecond a second. */
  readonly rate: number
  /** A timer of this tab has fired. */
  onFired(): void
}

/** More than the rounding of a division: a timer must not fire before its time on this tab's own scale. */
const ROUNDING_MS = 1e-6

/** The clock of one tab: with an offset and a drift of its own, and dead when the tab is. */
export class TabClock implements Clock {
  readonly #init: TabClockInit
  readonly #timers = new Set<() => void>()
  #dead = false

  constructor(init: TabClockInit) {
    this.#init = init
  }

  /** Timers that this tab has set and that are still to come. */
  get pending(): number {
    return this.#timers.size
  }

  now(): number {
    const { clock, offsetMs, rate } = this.#init
    return clock.now() * rate + offsetMs
  }

  wallTimeMs(): number {
    return Math.round(this.#init.clock.wallTimeMs() + this.#init.wallOffsetMs)
  }

  setTimer(at: number, callback: () => void): () => void {
    if (this.#dead) return () => undefined
    const { clock, offsetMs, rate, onFired } = this.#init
    const cancelTimer = clock.setTimer((at - offsetMs) / rate + ROUNDING_MS, () => {
      this.#timers.delete(cancel)
      onFired()
      callback()
    })
    const cancel = () => {
      if (this.#timers.delete(cancel)) cancelTimer()
    }
    this.#timers.add(cancel)
    return cancel
  }

  /** The tab is gone: nothing that it had planned happens any more. */
  kill(): void {
    this.#dead = true
    for (const cancel of this.#timers) cancel()
  }
}
