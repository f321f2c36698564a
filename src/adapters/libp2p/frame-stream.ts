import type { Stream } from '@libp2p/interface'
import type { NodeId } from '#core/protocol/ids.ts'
import type { Clock } from '#ports/clock.ts'
import { FrameTooLargeError, StreamClosedError, type FrameStream } from '#ports/mesh.ts'
import { encodeLength, FrameParser } from './frame-parser.ts'
import { chunksOf } from './stream-chunks.ts'

/**
 * Frames over a libp2p stream, each after its length as an unsigned varint.
 *
 * Invariants: 1. no memory is taken for a frame before its announced length was checked; 2. a stream that neither
 * sends nor receives for `idleMs` is aborted.
 */
export function createFrameStream(init: {
  readonly stream: Stream
  readonly remote: NodeId
  readonly maxFrameBytes: number
  readonly idleMs: number
  readonly clock: Clock
}): FrameStream {
  return new Libp2pFrameStream(init)
}

class Libp2pFrameStream implements FrameStream {
  readonly remote: NodeId
  readonly #stream: Stream
  readonly #maxFrameBytes: number
  readonly #idleMs: number
  readonly #clock: Clock
  #lastActiveMs: number
  #cancelIdleTimer: () => void = () => undefined

  constructor(init: Parameters<typeof createFrameStream>[0]) {
    this.remote = init.remote
    this.#stream = init.stream
    this.#maxFrameBytes = init.maxFrameBytes
    this.#idleMs = init.idleMs
    this.#clock = init.clock
    this.#lastActiveMs = this.#clock.now()
    this.#watchIdleness()
    this.#stream.addEventListener('close', () => this.#cancelIdleTimer())
  }

  async send(frame: Uint8Array): Promise<void> {
    if (frame.byteLength > this.#maxFrameBytes) throw new FrameTooLargeError(`${frame.byteLength} bytes`)
    this.#lastActiveMs = this.#clock.now()
    try {
      this.#stream.send(encodeLength(frame.byteLength))
      if (!this.#stream.send(frame)) await this.#drained()
    } catch (error) {
      throw new StreamClosedError('the stream ended while sending', { cause: error })
    }
  }

  readonly frames: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => this.#read() }

  async close(): Promise<void> {
    try {
      await this.#stream.close()
    } catch (error) {
      this.abort(error as Error)
    }
  }

  abort(reason: Error): void {
    this.#cancelIdleTimer()
    this.#stream.abort(reason)
  }

  async *#read(): AsyncGenerator<Uint8Array, void, void> {
    const parser = new FrameParser(this.#maxFrameBytes)
    try {
      for await (const chunk of chunksOf(this.#stream)) {
        this.#lastActiveMs = this.#clock.now()
        yield* parser.push(chunk)
      }
    } catch (error) {
      this.abort(error as Error)
      if (error instanceof FrameTooLargeError) throw error
      throw new StreamClosedError('the stream ended while receiving', { cause: error })
    }
    if (parser.isInsideFrame || this.#stream.status === 'aborted' || this.#stream.status === 'reset') {
      throw new StreamClosedError('the stream ended in the middle')
    }
  }

  /** libp2p's own promise stays pending when a stream ends under it. */
  #drained(): Promise<void> {
    return new Promise((resolve, reject) => {
      const onClose = () => reject(new StreamClosedError('the stream ended before it drained'))
      this.#stream.addEventListener('close', onClose, { once: true })
      this.#stream.onDrain().then(() => {
        this.#stream.removeEventListener('close', onClose)
        resolve()
      }, reject)
    })
  }

  #watchIdleness(): void {
    this.#cancelIdleTimer = this.#clock.setTimer(this.#lastActiveMs + this.#idleMs, () => {
      if (this.#clock.now() - this.#lastActiveMs >= this.#idleMs) this.abort(new StreamClosedError('idle'))
      else this.#watchIdleness()
    })
  }
}
