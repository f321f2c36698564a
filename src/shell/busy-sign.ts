import type { Clock } from '#ports/clock.ts'

/** Others are told at most this often, however quickly slots come and go. */
const REST_MS = 500

/** Notices that a node has become busy, or free again, and has it told: at once, then at most every `REST_MS`. */
export class BusySign {
  readonly #clock: Clock
  readonly #tell: () => void
  #told = false
  #shown = false
  #restedAt = -Infinity
  #cancel: (() => void) | null = null

  constructor(clock: Clock, tell: () => void) {
    this.#clock = clock
    this.#tell = tell
  }

  show(busy: boolean): void {
    this.#shown = busy
    if (busy === this.#told || this.#cancel) return
    const now = this.#clock.now()
    if (now >= this.#restedAt) return this.#tellNow()
    this.#cancel = this.#clock.setTimer(this.#restedAt, () => {
      this.#cancel = null
      if (this.#shown !== this.#told) this.#tellNow()
    })
  }

  stop(): void {
    this.#cancel?.()
    // Whatever changes from now on is nobody's matter.
    this.#cancel = () => undefined
  }

  #tellNow(): void {
    this.#told = this.#shown
    this.#restedAt = this.#clock.now() + REST_MS
    this.#tell()
  }
}
