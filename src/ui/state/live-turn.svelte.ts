import type { SessionId } from '#core/protocol/ids.ts'
import type { AskOptions, Draft, SessionView, WaitReason } from '#shell/facade.ts'

/** An answer while it is made: its draft, its story, and the way to stop it. Drafts are shown at most once a frame. */
export class LiveTurn {
  readonly turn: string
  readonly #controller = new AbortController()
  #draft = $state.raw<Draft | null>(null)
  #view = $state.raw<SessionView | null>(null)
  #waiting = $state<WaitReason | null>(null)
  #latest: Draft | null = null
  #frame = 0

  constructor(turn: string) {
    this.turn = turn
  }

  get draft(): Draft | null {
    return this.#draft
  }
  get view(): SessionView | null {
    return this.#view
  }
  /** Why the question has not been asked yet. */
  get waiting(): WaitReason | null {
    return this.#waiting
  }
  get stopped(): boolean {
    return this.#controller.signal.aborted
  }

  /** For `ask` and `resume`: how the facade tells this turn's story. `onSession` hears null while the turn has none: it waits. */
  options(onSession?: (session: SessionId | null) => void): AskOptions {
    return {
      signal: this.signal,
      onDraft: (draft) => this.#receive(draft),
      onProgress: (view) => (this.#view = view),
      onSession: (session) => onSession?.(session),
      onWaiting: (reason) => {
        this.#waiting = reason
        if (reason) onSession?.(null)
      },
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** The draft to its last word, not only to the last frame. */
  settle() {
    this.#flush()
  }

  stop() {
    this.#controller.abort(new DOMException('Stopped by the person who asked', 'AbortError'))
  }

  #receive(draft: Draft) {
    this.#latest = draft
    if (document.visibilityState === 'hidden') this.#flush()
    else if (this.#frame === 0) this.#frame = requestAnimationFrame(() => this.#flush())
  }

  #flush() {
    cancelAnimationFrame(this.#frame)
    this.#frame = 0
    this.#draft = this.#latest
  }
}
