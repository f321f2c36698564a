import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { decodeBeat, encodeBeat, MAX_BEAT_FRAME_BYTES } from '#core/protocol/streams.ts'
import { ALIVE_STREAM } from '#core/protocol/version.ts'
import type { Clock } from '#ports/clock.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'

export interface BeatsInit {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly stopping: AbortSignal
  /** Whether this node has a part in a session. */
  takesPart(session: SessionId): boolean
  /** A node said that it takes part: after a beat of ours with the time that took, else of its own accord. */
  onHere(node: NodeId, session: SessionId, roundTripMs: number | null): void
  /** A node is up, and has no part in a session. */
  onAbsent(node: NodeId, session: SessionId): void
}

/** A stream kept open to one node. Either side may have opened it. */
interface Line {
  /** Null while it is being opened. */
  stream: FrameStream | null
  readonly opening: AbortController
  /** Sessions that the node was asked about and has not answered for, by when it was. */
  readonly asked: Map<SessionId, number>
}

/**
 * Asks other nodes over kept-open streams whether they take part in a session, and answers who asks (SPEC ALIVE-3).
 *
 * Invariants: 1. on a stream, no second beat about a session before the first was answered, as streams lose nothing;
 * 2. a broken stream is not mended, the next beat opens another.
 */
export class Beats {
  readonly #init: BeatsInit
  readonly #lines = new Map<NodeId, Line>()

  constructor(init: BeatsInit) {
    this.#init = init
    init.mesh.handle(ALIVE_STREAM, MAX_BEAT_FRAME_BYTES, (stream) => this.#serve(stream))
  }

  /** Asks, unless an answer is still owed. */
  ask(node: NodeId, session: SessionId): void {
    const { clock } = this.#init
    const line = this.#lines.get(node) ?? this.#open(node)
    if (line.asked.has(session)) return
    line.asked.set(session, clock.now())
    if (line.stream) send(line.stream, 'beat', session)
  }

  /** The next beat opens another stream, as this one may be dead. Should it not be, a late answer still counts. */
  renew(node: NodeId): void {
    const line = this.#lines.get(node)
    this.#lines.delete(node)
    line?.opening.abort()
  }

  /** Closes the streams to all other nodes. */
  keepOnly(nodes: ReadonlySet<NodeId>): void {
    for (const [node, { stream, opening }] of this.#lines) {
      if (nodes.has(node)) continue
      this.#lines.delete(node)
      opening.abort()
      void stream?.close()
    }
  }

  #open(node: NodeId): Line {
    const line: Line = { stream: null, opening: new AbortController(), asked: new Map() }
    this.#lines.set(node, line)
    void this.#run(node, line)
    return line
  }

  async #run(node: NodeId, line: Line): Promise<void> {
    const { mesh, clock, stopping } = this.#init
    try {
      const signal = AbortSignal.any([stopping, line.opening.signal])
      const stream = await mesh.open(node, ALIVE_STREAM, MAX_BEAT_FRAME_BYTES, signal)
      if (signal.aborted) return void stream.close()
      line.stream = stream
      for (const session of line.asked.keys()) {
        line.asked.set(session, clock.now())
        send(stream, 'beat', session)
      }
      await this.#read(stream, line)
    } catch {
      // Whoever cannot be reached stays silent, and is judged by that.
    } finally {
      this.#forget(node, line)
    }
  }

  /** The other side's stream serves both directions, where there is none of our own. */
  async #serve(stream: FrameStream): Promise<void> {
    const node = stream.remote
    const line: Line = { stream, opening: new AbortController(), asked: new Map() }
    if (!this.#lines.has(node)) this.#lines.set(node, line)
    try {
      await this.#read(stream, line)
    } finally {
      this.#forget(node, line)
    }
  }

  /** Ends when the other side closes; throws what `FrameStream.frames` throws. */
  async #read(stream: FrameStream, line: Line): Promise<void> {
    const { clock, takesPart, onHere, onAbsent } = this.#init
    for await (const frame of stream.frames) {
      const beat = decodeBeat(frame)
      if (!beat) throw new Error('not a beat')
      const { type, session } = beat
      const askedMs = line.asked.get(session)
      if (type === 'beat') send(stream, takesPart(session) ? 'here' : 'absent', session)
      else line.asked.delete(session)
      if (type === 'absent') onAbsent(stream.remote, session)
      else onHere(stream.remote, session, type === 'here' && askedMs !== undefined ? clock.now() - askedMs : null)
    }
    await stream.close()
  }

  #forget(node: NodeId, line: Line): void {
    if (this.#lines.get(node) === line) this.#lines.delete(node)
  }
}

/** Best effort: what cannot be sent is not answered. */
function send(stream: FrameStream, type: 'beat' | 'here' | 'absent', session: SessionId): void {
  void stream.send(encodeBeat({ type, session })).catch(() => undefined)
}
