import { BLOCK_WEIGHTS, encodeWeights, GGML_TYPE, sizeBytesOf, type WeightType } from './gguf-weights.ts'

/**
 * Writes GGUF version 3 files (github.com/ggml-org/ggml/blob/master/docs/gguf.md): as much of the format as
 * a model of llama's kind needs.
 */

export type GgufValue =
  | { readonly type: 'u32'; readonly value: number }
  | { readonly type: 'f32'; readonly value: number }
  | { readonly type: 'bool'; readonly value: boolean }
  | { readonly type: 'string'; readonly value: string }
  | { readonly type: 'strings'; readonly value: readonly string[] }
  | { readonly type: 'i32s'; readonly value: readonly number[] }
  | { readonly type: 'f32s'; readonly value: readonly number[] }

/** `shape` is innermost first, as GGUF has it: a matrix of 8 rows of 4 is `[4, 8]`. */
export interface GgufTensor {
  readonly name: string
  readonly shape: readonly number[]
  readonly data: Float32Array
  /** `f32` by default. Other types want rows of whole blocks. */
  readonly type?: WeightType
}

const ALIGNMENT_BYTES = 32
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const

export function writeGguf(metadata: Readonly<Record<string, GgufValue>>, tensors: readonly GgufTensor[]): Uint8Array {
  const header = new ByteWriter()
  header.text('GGUF').u32(3).u64(tensors.length).u64(Object.keys(metadata).length)
  for (const [key, value] of Object.entries(metadata)) writeValue(header.string(key), value)

  let offset = 0
  for (const tensor of tensors) {
    header.string(tensor.name).u32(tensor.shape.length)
    for (const size of tensor.shape) header.u64(size)
    header.u32(GGML_TYPE[typeOf(tensor)]).u64(offset)
    offset += aligned(sizeBytesOf(tensor.data.length, typeOf(tensor)))
  }
  header.padTo(ALIGNMENT_BYTES)

  const head = header.bytes()
  const file = new Uint8Array(head.length + offset)
  file.set(head)
  let at = head.length
  for (const tensor of tensors) {
    const weights = encodeWeights(tensor.data, typeOf(tensor))
    file.set(weights, at)
    at += aligned(weights.length)
  }
  return file
}

const typeOf = ({ shape, type = 'f32' }: GgufTensor): WeightType =>
  shape.length > 1 && (shape[0] ?? 0) % BLOCK_WEIGHTS === 0 ? type : 'f32'

function writeValue(writer: ByteWriter, entry: GgufValue): void {
  switch (entry.type) {
    case 'u32':
      writer.u32(TYPE.u32).u32(entry.value)
      return
    case 'f32':
      writer.u32(TYPE.f32).f32(entry.value)
      return
    case 'bool':
      writer.u32(TYPE.bool).u8(entry.value ? 1 : 0)
      return
    case 'string':
      writer.u32(TYPE.string).string(entry.value)
      return
    case 'strings':
      writer.u32(TYPE.array).u32(TYPE.string).u64(entry.value.length)
      for (const text of entry.value) writer.string(text)
      return
    case 'i32s':
      writer.u32(TYPE.array).u32(TYPE.i32).u64(entry.value.length)
      for (const number of entry.value) writer.u32(number)
      return
    case 'f32s':
      writer.u32(TYPE.array).u32(TYPE.f32).u64(entry.value.length)
      for (const number of entry.value) writer.f32(number)
  }
}

const aligned = (size: number): number => Math.ceil(size / ALIGNMENT_BYTES) * ALIGNMENT_BYTES

/** Little-endian, growing by doubling. */
class ByteWriter {
  #view = new DataView(new ArrayBuffer(1 << 16))
  #length = 0

  u8(value: number): this {
    this.#reserve(1).setUint8(this.#length, value)
    return this.#advance(1)
  }

  u32(value: number): this {
    this.#reserve(4).setUint32(this.#length, value, true)
    return this.#advance(4)
  }

  u64(value: number): this {
    this.#reserve(8).setBigUint64(this.#length, BigInt(value), true)
    return this.#advance(8)
  }

  f32(value: number): this {
    this.#reserve(4).setFloat32(this.#length, value, true)
    return this.#advance(4)
  }

  text(value: string): this {
    for (const byte of new TextEncoder().encode(value)) this.u8(byte)
    return this
  }

  string(value: string): this {
    return this.u64(new TextEncoder().encode(value).length).text(value)
  }

  padTo(alignment: number): this {
    while (this.#length % alignment !== 0) this.u8(0)
    return this
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#view.buffer, 0, this.#length).slice()
  }

  #reserve(size: number): DataView {
    if (this.#length + size > this.#view.byteLength) {
      const grown = new Uint8Array(this.#view.byteLength * 2)
      grown.set(new Uint8Array(this.#view.buffer))
      this.#view = new DataView(grown.buffer)
    }
    return this.#view
  }

  #advance(size: number): this {
    this.#length += size
    return this
  }
}
