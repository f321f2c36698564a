import { ModelLoadError } from '#ports/engine.ts'

type Value = number | bigint | boolean | string | readonly Value[]

export interface GgufTensor {
  readonly name: string
  /** Sizes from the inmost dimension outwards. */
  readonly shape: readonly number[]
  /** How many weights it holds. */
  readonly weights: number
  /** `TENSOR_F32`, `TENSOR_F16`, or another of ggml's types. */
  readonly type: number
  /** Where in the file its type stands, as u32, followed by the offset of its data as u64. */
  readonly typeAt: number
  /** Of its data, from `dataStart`. */
  readonly offset: number
}

export interface GgufLayout {
  readonly metadata: ReadonlyMap<string, Value>
  readonly tensors: readonly GgufTensor[]
  readonly alignment: number
  readonly dataStart: number
}

export const TENSOR_F32 = 0
export const TENSOR_F16 = 1

const TYPE = {
  u8: 0,
  i8: 1,
  u16: 2,
  i16: 3,
  u32: 4,
  i32: 5,
  f32: 6,
  bool: 7,
  string: 8,
  array: 9,
  u64: 10,
  i64: 11,
  f64: 12,
} as const

export const alignedTo = (size: number, alignment: number): number => Math.ceil(size / alignment) * alignment

/**
 * Reads the head of a GGUF file, version 3 (github.com/ggml-org/ggml/blob/master/docs/gguf.md).
 * Throws `ModelLoadError` on any other file.
 */
export function readGguf(file: Uint8Array<ArrayBuffer>): GgufLayout {
  try {
    const reader = new GgufReader(file)
    if (reader.take(4) !== 'GGUF' || reader.u32() !== 3) throw new RangeError('not GGUF version 3')
    let tensorsLeft = reader.size()
    const metadata = new Map<string, Value>()
    for (let left = reader.size(); left > 0; left--) {
      const key = reader.string()
      metadata.set(key, reader.value(reader.u32()))
    }
    const tensors: GgufTensor[] = []
    for (; tensorsLeft > 0; tensorsLeft--) tensors.push(readTensor(reader))
    const alignment = Number(metadata.get('general.alignment') ?? 32)
    return { metadata, tensors, alignment, dataStart: alignedTo(reader.at, alignment) }
  } catch (error) {
    throw new ModelLoadError('The file is not a GGUF model.', { cause: error })
  }
}

function readTensor(reader: GgufReader): GgufTensor {
  const name = reader.string()
  const shape: number[] = []
  for (let dimensions = reader.u32(); dimensions > 0; dimensions--) shape.push(reader.size())
  const weights = shape.reduce((product, size) => product * size, 1)
  return { name, shape, weights, typeAt: reader.at, type: reader.u32(), offset: reader.size() }
}

/** Reads beyond the end throw `RangeError`, by `DataView`. */
class GgufReader {
  readonly #view: DataView
  #at = 0

  constructor(file: Uint8Array<ArrayBuffer>) {
    this.#view = new DataView(file.buffer, file.byteOffset, file.byteLength)
  }

  get at(): number {
    return this.#at
  }

  take(length: number): string {
    if (length > this.#view.byteLength - this.#at) throw new RangeError('string beyond the end')
    const bytes = new Uint8Array(this.#view.buffer, this.#view.byteOffset + this.#skip(length), length)
    return new TextDecoder().decode(bytes)
  }

  size(): number {
    return Number(this.#view.getBigUint64(this.#skip(8), true))
  }

  u32(): number {
    return this.#view.getUint32(this.#skip(4), true)
  }

  string(): string {
    return this.take(this.size())
  }

  value(type: number): Value {
    switch (type) {
      case TYPE.u8:
        return this.#view.getUint8(this.#skip(1))
      case TYPE.bool:
        return this.#view.getUint8(this.#skip(1)) !== 0
      case TYPE.i8:
        return this.#view.getInt8(this.#skip(1))
      case TYPE.u16:
        return this.#view.getUint16(this.#skip(2), true)
      case TYPE.i16:
        return this.#view.getInt16(this.#skip(2), true)
      case TYPE.u32:
        return this.#view.getUint32(this.#skip(4), true)
      case TYPE.i32:
        return this.#view.getInt32(this.#skip(4), true)
      case TYPE.f32:
        return this.#view.getFloat32(this.#skip(4), true)
      case TYPE.u64:
        return this.#view.getBigUint64(this.#skip(8), true)
      case TYPE.i64:
        return this.#view.getBigInt64(this.#skip(8), true)
      case TYPE.f64:
        return this.#view.getFloat64(this.#skip(8), true)
      case TYPE.string:
        return this.string()
      case TYPE.array: {
        const element = this.u32()
        const values: Value[] = []
        for (let left = this.size(); left > 0; left--) values.push(this.value(element))
        return values
      }
      default:
        throw new RangeError(`unknown value type ${type}`)
    }
  }

  #skip(length: number): number {
    const from = this.#at
    this.#at += length
    return from
  }
}
