import { alignedTo, TENSOR_F16, TENSOR_F32, type GgufLayout } from './gguf-layout.ts'

/** Beyond this, the memory that doubles is worth more than the time. */
const MAX_FILE_BYTES = 64 * 1024 * 1024

/**
 * The same model with its half-precision weights written out in single precision, which loses nothing: llama.cpp in
 * WASM has no fast path for halves, and reads prompts about four times, answers about twice as fast this way, while
 * the download stays small. The head keeps its length, since only the tensors' types and offsets change.
 */
export function widenWeights(file: Uint8Array<ArrayBuffer>, layout: GgufLayout): Uint8Array<ArrayBuffer> {
  const { tensors, alignment, dataStart } = layout
  const onlyFloats = tensors.every(({ type }) => type === TENSOR_F16 || type === TENSOR_F32)
  if (!onlyFloats || file.length > MAX_FILE_BYTES) return file

  const dataBytes = tensors.reduce((sum, { weights }) => sum + alignedTo(weights * 4, alignment), 0)
  const widened = new Uint8Array(dataStart + dataBytes)
  widened.set(file.subarray(0, dataStart))
  const source = new DataView(file.buffer, file.byteOffset, file.byteLength)
  const target = new DataView(widened.buffer)
  const single = singlesByHalf()
  let offset = 0
  for (const tensor of tensors) {
    target.setUint32(tensor.typeAt, TENSOR_F32, true)
    target.setBigUint64(tensor.typeAt + 4, BigInt(offset), true)
    const from = dataStart + tensor.offset
    const to = dataStart + offset
    for (let index = 0; index < tensor.weights; index++) {
      const weight =
        tensor.type === TENSOR_F16
          ? (single[source.getUint16(from + index * 2, true)] ?? 0)
          : source.getFloat32(from + index * 4, true)
      target.setFloat32(to + index * 4, weight, true)
    }
    offset += alignedTo(tensor.weights * 4, alignment)
  }
  return widened
}

/** Every half-precision number (IEEE 754 binary16), by its bits. */
export function singlesByHalf(): Float32Array {
  return Float32Array.from({ length: 1 << 16 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1
    const exponent = (bits >> 10) & 0x1f
    const fraction = bits & 0x3ff
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN
    return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25)
  })
}
