/**
 * Passes a growing text on up to the first stop string. What may be the beginning of one waits. It is done here because
 * web-llm cuts the whole text at a stop string, but has by then streamed the beginning of it.
 */
export class StopStrings {
  readonly #stop: readonly string[]
  readonly #skip: string
  #waiting = ''
  #skipped = false
  #hit = false

  /** `skip`: left out where the text begins with it. */
  constructor(stop: readonly string[] = [], skip = '') {
    this.#stop = stop.filter((mark) => mark !== '')
    this.#skip = skip
  }

  /** A stop string has come: nothing more will be passed on. */
  get hit(): boolean {
    return this.#hit
  }

  /** Takes the next piece, gives what may be said now. */
  push(piece: string): string {
    if (this.#hit) return ''
    this.#waiting += piece
    if (!this.#skipped) {
      if (this.#waiting.length < this.#skip.length && this.#skip.startsWith(this.#waiting)) return ''
      if (this.#waiting.startsWith(this.#skip)) this.#waiting = this.#waiting.slice(this.#skip.length)
      this.#skipped = true
    }
    const ends = this.#stop.map((mark) => this.#waiting.indexOf(mark)).filter((index) => index >= 0)
    if (ends.length > 0) {
      this.#hit = true
      return this.#say(Math.min(...ends))
    }
    return this.#say(this.#waiting.length - this.#held())
  }

  /** The text has ended: what waited was no stop string. */
  end(): string {
    return this.#hit ? '' : this.#say(this.#waiting.length)
  }

  /** How much of the end may yet become a stop string. */
  #held(): number {
    const longest = Math.max(0, ...this.#stop.map((mark) => mark.length - 1))
    for (let length = Math.min(longest, this.#waiting.length); length > 0; length--) {
      const tail = this.#waiting.slice(-length)
      if (this.#stop.some((mark) => mark.startsWith(tail))) return length
    }
    return 0
  }

  #say(length: number): string {
    const said = this.#waiting.slice(0, length)
    this.#waiting = this.#waiting.slice(length)
    return said
  }
}
