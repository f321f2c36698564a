import type { Clock } from '#ports/clock.ts'

/** A tick that is overdue by this much was missed by a node that stood still; everybody has given it up by then. */
const STANDSTILL_MS = 5_000

/** Nothing tells a page that its machine slept, so the clock is looked at this often, and whenever it is read. */
const TICK_MS = 5_000

/** More than the rounding of the sums below: no timer may ring before its time on this clock's own scale. */
const ROUNDING_MS = 1e-3

/**
 * The time in which this node ran: a standstill of the tab or the machine is left out (SPEC AWAY-2). Deadlines that went
 * by meanwhile have not passed, and whatever rests on others' word is told how long it was deaf.
 *
 * Platforms differ in whether the monotonic clock goes on in a sleeping machine, so both clocks are held against the
 * ticks. A person who sets the date forward looks like a sleeper, which costs a look around and nothing else.
 */
export class AwakeClock implements Clock {
  readonly #clock: Clock
  /** When each pending timer is due, on the scale of `now`. */
  readonly #due = new Set<{ readonly at: number }>()
  #leftOutMs = 0
  #tickAt = Infinity
  #cancelTick: () => void = () => undefined
  /** The difference of wall clock and monotonic clock when it was last looked at. */
  #wallOffsetMs: number
  #unnoticedMs = 0

  #onStoodStill: (durationMs: number) => void = () => undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#wallOffsetMs = clock.wallTimeMs() - clock.now()
  }

  /** Begins to look out for standstills. */
  start(onStoodStill: (durationMs: number) => void): void {
    this.#onStoodStill = onStoodStill
    this.#tick()
  }

  stop(): void {
    this.#cancelTick()
    this.#tickAt = Infinity
  }

  now(): number {
    const now = this.#clock.now()
    this.#look(now)
    return now - this.#leftOutMs
  }

  wallTimeMs(): number {
    return this.#clock.wallTimeMs()
  }

  setTimer(at: number, callback: () => void): () => void {
    const timer = { at: Math.max(at, this.now()) }
    this.#due.add(timer)
    let cancel = () => {}
    const arm = () => {
      cancel = this.#clock.setTimer(this.#leftOutMs === 0 ? timer.at : timer.at + this.#leftOutMs + ROUNDING_MS, () => {
        // It was set before a standstill that was left out since.
        if (this.now() < timer.at) return arm()
        this.#due.delete(timer)
        callback()
      })
    }
    arm()
    return () => {
      this.#due.delete(timer)
      cancel()
    }
  }

  #tick(): void {
    this.#tickAt = this.now() + TICK_MS
    this.#cancelTick = this.setTimer(this.#tickAt, () => this.#tick())
  }

  #look(now: number): void {
    if (this.#tickAt === Infinity) return
    const stoodMs = this.#lateBy(now) + this.#asleepBy(now)
    if (stoodMs === 0) return
    if (this.#unnoticedMs === 0) queueMicrotask(() => this.#tell())
    this.#unnoticedMs += stoodMs
  }

  /** A late tick: the monotonic clock went on. What was due first is due now, and all else as much later. */
  #lateBy(now: number): number {
    if (now - this.#leftOutMs - this.#tickAt < STANDSTILL_MS) return 0
    let first = this.#tickAt
    for (const { at } of this.#due) first = Math.min(first, at)
    const lateMs = now - this.#leftOutMs - first
    this.#leftOutMs += lateMs
    return lateMs
  }

  /** The date went on without the monotonic clock, which slept. */
  #asleepBy(now: number): number {
    const offsetMs = this.#clock.wallTimeMs() - now
    const asleepMs = offsetMs - this.#wallOffsetMs
    this.#wallOffsetMs = offsetMs
    return asleepMs < STANDSTILL_MS ? 0 : asleepMs
  }

  /** By itself, as the clock may be read in the middle of anything. */
  #tell(): void {
    const stoodMs = this.#unnoticedMs
    this.#unnoticedMs = 0
    this.#onStoodStill(stoodMs)
  }
}
