import { FrameTooLargeError } from '#ports/mesh.ts'

/** Bytes of a length prefix: 28 bits are more than any protocol's maximum. */
const MAX_LENGTH_BYTES = 4

/** Shape: unsigned varint (7 bits a byte, least significant first), 1 to 4 bytes. */
export function encodeLength(length: number): Uint8Array {
  const bytes: number[] = []
  let rest = length
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  bytes.push(rest)
  return Uint8Array.from(bytes)
}

/** Cuts a byte stream into frames. Chunks may split anywhere. */
export class FrameParser {
  readonly #maxFrameBytes: number
  #length = 0
  #lengthBytes = 0
  /** Null while a length is being read. */
  #frame: Uint8Array | null = null
  #filled = 0

  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes
  }

  /** Whether the bytes so far end within a frame or its length. */
  get isInsideFrame(): boolean {
    return this.#frame !== null || this.#lengthBytes > 0
  }

  /** Yields the frames that this chunk completes. Throws `FrameTooLargeError`. */
  *push(chunk: Uint8Array): Generator<Uint8Array, void, void> {
    let offset = 0
    while (offset < chunk.byteLength) {
      if (!this.#frame) this.#readLength(chunk[offset++] ?? 0)
      if (!this.#frame) continue
      const taken = chunk.subarray(offset, offset + this.#frame.byteLength - this.#filled)
      this.#frame.set(taken, this.#filled)
      this.#filled += taken.byteLength
      offset += taken.byteLength
      if (this.#filled < this.#frame.byteLength) continue
      const frame = this.#frame
      this.#frame = null
      this.#filled = 0
      yield frame
    }
  }

  #readLength(byte: number): void {
    this.#length |= (byte & 0x7f) << (7 * this.#lengthBytes++)
    const isLast = byte < 0x80
    if (this.#length > this.#maxFrameBytes || (!isLast && this.#lengthBytes === MAX_LENGTH_BYTES)) {
      throw new FrameTooLargeError(`a frame of at least ${this.#length} bytes, of ${this.#maxFrameBytes} allowed`)
    }
    if (!isLast) return
    this.#frame = new Uint8Array(this.#length)
    this.#length = 0
    this.#lengthBytes = 0
  }
}
