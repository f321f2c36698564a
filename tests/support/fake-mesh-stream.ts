import type { NodeId } from '#core/protocol/ids.ts'
import { FrameTooLargeError, StreamClosedError, type FrameStream } from '#ports/mesh.ts'

/** Bytes under way in one direction above which `send` waits. */
const HIGH_WATER_BYTES = 256 * 1024

/** Carries `act` to the other end: calls it later, in order. Drops it when the two ends are cut off from each other. */
export type Carrier = (act: () => void) => void

/** One end of an in-memory stream. The two ends speak through carriers only, so the network decides about time. */
export class FakeStream implements FrameStream {
  readonly remote: NodeId
  readonly #maxFrameBytes: number
  readonly #carry: Carrier
  #peer: FakeStream | null = null

  readonly #received: Uint8Array[] = []
  #remoteClosed = false
  #failure: Error | null = null
  #wakeReader: (() => void) | null = null

  #closed = false
  #underWayBytes = 0
  readonly #waitingSenders: (() => void)[] = []

  constructor(remote: NodeId, maxFrameBytes: number, carry: Carrier) {
    this.remote = remote
    this.#maxFrameBytes = maxFrameBytes
    this.#carry = carry
  }

  connect(peer: FakeStream): void {
    this.#peer = peer
  }

  async send(frame: Uint8Array): Promise<void> {
    if (frame.byteLength > this.#maxFrameBytes) throw new FrameTooLargeError(`${frame.byteLength} bytes`)
    while (this.#underWayBytes >= HIGH_WATER_BYTES && !this.#failure) {
      await new Promise<void>((resolve) => this.#waitingSenders.push(resolve))
    }
    if (this.#failure) throw this.#failure
    if (this.#closed) throw new StreamClosedError('this half is closed')
    const bytes = frame.slice()
    this.#underWayBytes += bytes.byteLength
    this.#carry(() => this.#peer?.receive(bytes))
  }

  readonly frames: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => this.#read() }

  async close(): Promise<void> {
    if (this.#closed || this.#failure) return
    this.#closed = true
    this.#carry(() => this.#peer?.receiveClose())
  }

  abort(reason: Error): void {
    if (this.#failure) return
    this.fail(new StreamClosedError('aborted here', { cause: reason }))
    this.#carry(() => this.#peer?.fail(new StreamClosedError('aborted by the remote')))
  }

  receive(frame: Uint8Array): void {
    if (this.#failure) return
    if (frame.byteLength > this.#maxFrameBytes) {
      this.abort(new FrameTooLargeError('the remote sent too large a frame'))
      this.#failure = new FrameTooLargeError(`${frame.byteLength} bytes announced, ${this.#maxFrameBytes} allowed`)
      return
    }
    this.#received.push(frame)
    this.#wake()
  }

  receiveClose(): void {
    this.#remoteClosed = true
    this.#wake()
  }

  /** Ends both halves at once. */
  fail(failure: Error): void {
    if (this.#failure) return
    this.#failure = failure
    this.#wake()
    this.#releaseSenders()
  }

  /** The remote's reader took a frame of ours. */
  drained(bytes: number): void {
    this.#underWayBytes -= bytes
    if (this.#underWayBytes < HIGH_WATER_BYTES) this.#releaseSenders()
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    for (;;) {
      const frame = this.#received.shift()
      if (frame) {
        this.#carry(() => this.#peer?.drained(frame.byteLength))
        yield frame
      } else if (this.#failure) {
        throw this.#failure
      } else if (this.#remoteClosed) {
        return
      } else {
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve
        })
      }
    }
  }

  #wake(): void {
    this.#wakeReader?.()
    this.#wakeReader = null
  }

  #releaseSenders(): void {
    for (const release of this.#waitingSenders.splice(0)) release()
  }
}
