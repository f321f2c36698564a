import { ModelUnsupportedError } from '#ports/engine.ts'
import type { GgufLayout, GgufTensor } from '../gguf-layout.ts'
import { singlesByHalf } from './half-floats.ts'

/** ggml's numbers for the types that are read here (ggml.h, `ggml_type`). */
const F32 = 0
const F16 = 1
const Q4_0 = 2
const Q8_0 = 8

const BLOCK = 32

/** By type: bytes that hold `weights` numbers. */
const SIZE_BYTES: Readonly<Record<number, { readonly weights: number; readonly bytes: number }>> = {
  [F32]: { weights: 1, bytes: 4 },
  [F16]: { weights: 1, bytes: 2 },
  [Q4_0]: { weights: BLOCK, bytes: 2 + BLOCK / 2 },
  [Q8_0]: { weights: BLOCK, bytes: 2 + BLOCK },
}

/** The weights of a GGUF file in single precision, one tensor at a time, so that no more than one is held twice. */
export class GgufWeights {
  readonly #file: Uint8Array<ArrayBuffer>
  readonly #layout: GgufLayout
  readonly #byName: ReadonlyMap<string, GgufTensor>
  readonly #single = singlesByHalf()

  constructor(file: Uint8Array<ArrayBuffer>, layout: GgufLayout) {
    this.#file = file
    this.#layout = layout
    this.#byName = new Map(layout.tensors.map((tensor) => [tensor.name, tensor]))
  }

  has(name: string): boolean {
    return this.#byName.has(name)
  }

  /** As the file has it, `shape` from the inmost dimension outwards. Throws `ModelUnsupportedError`. */
  read(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
    const tensor = this.#byName.get(name)
    if (!tensor) throw new ModelUnsupportedError(`The model has no tensor "${name}".`)
    if (tensor.shape.length !== shape.length || tensor.shape.some((size, axis) => size !== shape[axis])) {
      throw new ModelUnsupportedError(`The tensor "${name}" is ${tensor.shape.join(' x ')}, not ${shape.join(' x ')}.`)
    }
    const size = SIZE_BYTES[tensor.type]
    if (!size)
      throw new ModelUnsupportedError(
        `The tensor "${name}" is of type ${tensor.type}; F32, F16, Q8_0 and Q4_0 are supported.`,
      )
    const from = this.#layout.dataStart + tensor.offset
    const lengthBytes = (tensor.weights / size.weights) * size.bytes
    if (!Number.isInteger(lengthBytes) || from + lengthBytes > this.#file.length) {
      throw new ModelUnsupportedError(`The tensor "${name}" goes beyond the end of the file.`)
    }
    const bytes = new DataView(this.#file.buffer, this.#file.byteOffset + from, lengthBytes)
    const values = new Float32Array(tensor.weights)
    if (tensor.type === F32) for (let i = 0; i < values.length; i++) values[i] = bytes.getFloat32(i * 4, true)
    else if (tensor.type === F16) for (let i = 0; i < values.length; i++) values[i] = this.#half(bytes, i * 2)
    else if (tensor.type === Q8_0) this.#eights(bytes, values)
    else this.#fours(bytes, values)
    return values
  }

  /** The transpose of a matrix that the file keeps as rows of `columns` numbers: what a product x W wants. */
  readTransposed(name: string, columns: number, rows: number): Float32Array<ArrayBuffer> {
    const source = this.read(name, [columns, rows])
    const target = new Float32Array(source.length)
    for (let row = 0; row < rows; row++) {
      const start = row * columns
      for (let column = 0; column < columns; column++) target[column * rows + row] = source[start + column] ?? 0
    }
    return target
  }

  #half(bytes: DataView, at: number): number {
    return this.#single[bytes.getUint16(at, true)] ?? 0
  }

  /** Q8_0: a half-precision scale, then 32 signed bytes. */
  #eights(bytes: DataView, values: Float32Array): void {
    for (let block = 0, at = 0; block < values.length; block += BLOCK, at += 2 + BLOCK) {
      const scale = this.#half(bytes, at)
      for (let i = 0; i < BLOCK; i++) values[block + i] = scale * bytes.getInt8(at + 2 + i)
    }
  }

  /** Q4_0: a half-precision scale, then 16 bytes whose low nibbles are the first half of the block, less 8 each. */
  #fours(bytes: DataView, values: Float32Array): void {
    for (let block = 0, at = 0; block < values.length; block += BLOCK, at += 2 + BLOCK / 2) {
      const scale = this.#half(bytes, at)
      for (let i = 0; i < BLOCK / 2; i++) {
        const both = bytes.getUint8(at + 2 + i)
        values[block + i] = scale * ((both & 15) - 8)
        values[block + BLOCK / 2 + i] = scale * ((both >> 4) - 8)
      }
    }
  }
}
