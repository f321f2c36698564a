/** Wire types of protocol buffers (protobuf.dev/programming-guides/encoding). */
const VARINT = 0
const BYTES = 2
const FIXED32 = 5

/** Writes one protocol-buffer message, field by field, in the order in which the fields are given. */
export class ProtoWriter {
  readonly #parts: Uint8Array[] = []
  #sizeBytes = 0

  integer(field: number, value: number): this {
    return this.#tag(field, VARINT).#varint(value)
  }

  float(field: number, value: number): this {
    return this.#tag(field, FIXED32).#push(new Uint8Array(Float32Array.of(value).buffer))
  }

  text(field: number, value: string): this {
    return this.#delimited(field, new TextEncoder().encode(value))
  }

  message(field: number, value: ProtoWriter): this {
    return this.#delimited(field, value.finish())
  }

  finish(): Uint8Array<ArrayBuffer> {
    const whole = new Uint8Array(this.#sizeBytes)
    let at = 0
    for (const part of this.#parts) {
      whole.set(part, at)
      at += part.length
    }
    return whole
  }

  #delimited(field: number, bytes: Uint8Array): this {
    return this.#tag(field, BYTES).#varint(bytes.length).#push(bytes)
  }

  #tag(field: number, wireType: number): this {
    return this.#varint(field * 8 + wireType)
  }

  /** Negative numbers take ten bytes, as int64 does. */
  #varint(value: number): this {
    const bytes: number[] = []
    let left = BigInt.asUintN(64, BigInt(value))
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128)
    return this.#push(Uint8Array.of(...bytes, Number(left)))
  }

  #push(part: Uint8Array): this {
    this.#parts.push(part)
    this.#sizeBytes += part.length
    return this
  }
}
