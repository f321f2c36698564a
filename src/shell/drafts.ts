import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { MAX_ANSWER_BYTES } from '#core/protocol/limits.ts'
import { decodeDraftPiece, encodeDraftPiece, MAX_DRAFT_FRAME_BYTES } from '#core/protocol/streams.ts'
import { DRAFT_STREAM } from '#core/protocol/version.ts'
import type { Clock } from '#ports/clock.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'

/** Pieces are gathered for this long: a frame a token would cost more than it shows. */
const FLUSH_MS = 40

/**
 * Sends what an executor writes to the asker, live and best effort: nothing is decided by it, and when it fails
 * nobody is told. Each frame holds what was added since the last.
 */
export class DraftSender {
  readonly #mesh: Mesh
  readonly #clock: Clock
  readonly #leader: NodeId
  readonly #session: SessionId
  readonly #stop = new AbortController()
  #stream: Promise<FrameStream | null> | null = null
  #sentChars = 0
  #text = ''
  #timer: (() => void) | null = null

  constructor(mesh: Mesh, clock: Clock, leader: NodeId, session: SessionId) {
    this.#mesh = mesh
    this.#clock = clock
    this.#leader = leader
    this.#session = session
  }

  show(text: string): void {
    this.#text = text
    this.#timer ??= this.#clock.setTimer(this.#clock.now() + FLUSH_MS, () => {
      this.#timer = null
      void this.#flush()
    })
  }

  close(): void {
    this.#timer?.()
    this.#timer = null
    void this.#stream?.then((stream) => stream?.close()).catch(() => undefined)
    this.#stop.abort()
  }

  async #flush(): Promise<void> {
    const added = this.#text.slice(this.#sentChars)
    this.#sentChars = this.#text.length
    this.#stream ??= this.#mesh
      .open(this.#leader, DRAFT_STREAM, MAX_DRAFT_FRAME_BYTES, this.#stop.signal)
      .catch(() => null)
    const stream = await this.#stream
    if (added && !this.#stop.signal.aborted) {
      await stream?.send(encodeDraftPiece({ session: this.#session, text: added })).catch(() => undefined)
    }
  }
}

/** Receives drafts. `onText` gets each writer's whole text so far; it decides whether it wants it. */
export function receiveDrafts(mesh: Mesh, onText: (session: SessionId, from: NodeId, text: string) => void): void {
  mesh.handle(DRAFT_STREAM, MAX_DRAFT_FRAME_BYTES, async (stream) => {
    const texts = new Map<SessionId, string>()
    for await (const frame of stream.frames) {
      const piece = decodeDraftPiece(frame)
      // Pieces that add nothing could come for ever.
      if (!piece || piece.text === '') throw new Error('not a draft')
      const { session } = piece
      const text = (texts.get(session) ?? '') + piece.text
      if (text.length > MAX_ANSWER_BYTES || texts.size > 8) throw new Error('a draft beyond all bounds')
      texts.set(session, text)
      onText(session, stream.remote, text)
    }
  })
}
