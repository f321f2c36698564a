import type { Token } from '#ports/engine.ts'

/** Carries pieces from a callback to an async iteration. Nothing is lost while the reader is busy. */
export class TokenChannel {
  #waiting: Token[] = []
  #closed = false
  #wake: () => void = () => {}

  push(text: string): void {
    this.#waiting.push({ text })
    this.#wake()
  }

  close(): void {
    this.#closed = true
    this.#wake()
  }

  /** Ends once the channel is closed and empty. */
  async *tokens(): AsyncGenerator<Token, void, void> {
    for (;;) {
      const next = this.#waiting.shift()
      if (next) yield next
      else if (this.#closed) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
