import type { Clock } from '#ports/clock.ts'

/** More than the rounding of a sum: a timer must not ring before its time. */
const ROUNDING_MS = 1e-6

/**
 * The clock of a machine that can sleep: its timers ring when it is awake again, overdue ones at once and in order.
 * While it sleeps its monotonic clock `goes on` (Windows, and a page that is frozen) or `stops` (Linux, macOS).
 */
export class SleepyClock implements Clock {
  readonly #world: Clock
  readonly #kind: 'goes on' | 'stops'
  /** By how much the monotonic clock is behind because it stopped. */
  #behindMs = 0
  #asleepUntil = 0
  #sleptAt = 0

  constructor(world: Clock, kind: 'goes on' | 'stops') {
    this.#world = world
    this.#kind = kind
  }

  get isAsleep(): boolean {
    return this.#world.now() < this.#asleepUntil
  }

  sleep(durationMs: number): void {
    this.#sleptAt = this.#world.now()
    this.#asleepUntil = this.#sleptAt + durationMs
    if (this.#kind === 'stops') this.#behindMs += durationMs
  }

  now(): number {
    const now = this.#world.now()
    if (this.#kind === 'stops' && this.isAsleep) return this.#sleptAt - this.#behindMs + this.#napMs
    return now - this.#behindMs
  }

  get #napMs(): number {
    return this.#asleepUntil - this.#sleptAt
  }

  wallTimeMs(): number {
    return this.#world.wallTimeMs()
  }

  setTimer(at: number, callback: () => void): () => void {
    let cancel = () => {}
    const arm = (worldAt: number) => {
      cancel = this.#world.setTimer(worldAt, () => {
        if (this.isAsleep) arm(this.#asleepUntil)
        else if (this.now() < at) arm(this.#world.now() + at - this.now() + ROUNDING_MS)
        else callback()
      })
    }
    arm(this.#behindMs === 0 ? at : at + this.#behindMs + ROUNDING_MS)
    return () => cancel()
  }
}
