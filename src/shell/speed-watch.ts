import type { Speed } from '#core/swarm/fit.ts'
import { isWorthTelling } from '#core/swarm/speed.ts'
import type { Clock } from '#ports/clock.ts'
import type { EngineDescription } from '#ports/engine.ts'
import type { EngineDesk } from './engine-desk.ts'

/** After so long a model is tried again, for the first time; then after twice as long each time, up to the longest. */
const FIRST_PROBE_MS = 2000
const LONGEST_PROBE_MS = 600_000

/** A speed that changes again sooner is told with the next announcement, whatever that is for. */
const TELL_EVERY_MS = 1000

export interface SpeedWatchInit {
  readonly clock: Clock
  readonly desk: Pick<EngineDesk, 'probe' | 'description'>
  /** Whether others go by this node's speed. */
  contributes(): boolean
  /** Others should learn how fast this node is now. */
  announce(): void
}

/**
 * Sees to it that others know how fast this node's model is now, and not how fast it was while the machine was busy with
 * loading it (SPEC FIT-3). Its work shows that; where nobody asks for any, a few words that it writes for itself.
 *
 * Invariant: one timer at the most, none before a model is loaded.
 */
export class SpeedWatch {
  readonly #init: SpeedWatchInit
  #model: string | null = null
  #told: { readonly speed: Speed; readonly at: number } | null = null
  #cancel: (() => void) | null = null
  #stopped = false

  constructor(init: SpeedWatchInit) {
    this.#init = init
  }

  /** To be called when the engine's state has changed. */
  engineChanged(): void {
    const { clock, desk, announce } = this.#init
    const { description } = desk
    if (this.#stopped || !description) return
    if (description.modelDigest !== this.#model) {
      this.#model = description.modelDigest
      this.#probeAfter(FIRST_PROBE_MS)
    }
    const told = this.#told
    if (!told || !isWorthTelling(told.speed, description) || clock.now() - told.at < TELL_EVERY_MS) return
    announce()
  }

  /** This is being announced. */
  telling(speed: EngineDescription): void {
    this.#told = { speed, at: this.#init.clock.now() }
  }

  stop(): void {
    this.#stopped = true
    this.#cancel?.()
  }

  #probeAfter(waitMs: number): void {
    const { clock, desk, contributes } = this.#init
    this.#cancel?.()
    this.#cancel = clock.setTimer(clock.now() + waitMs, () => {
      if (contributes()) void desk.probe()
      this.#probeAfter(Math.min(LONGEST_PROBE_MS, 2 * waitMs))
    })
  }
}
