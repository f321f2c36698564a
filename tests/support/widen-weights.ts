import { alignedTo, readGguf, TENSOR_F16, TENSOR_F32, type GgufLayout } from '#adapters/engine/gguf-layout.ts'
import { singlesByHalf } from '#adapters/engine/onnx/half-floats.ts'
import type { ModelSource } from '#adapters/engine/opened-model.ts'

/**
 * The same model with its half-precision weights written out in single precision, which loses nothing: llama.cpp in
 * WASM has no fast path for halves, and reads prompts about four times, answers about twice as fast this way:
 * that is what onnxruntime is compared with. The head keeps its length, since only the tensors' types and offsets change.
 */
export function widenWeights(file: Uint8Array<ArrayBuffer>, layout: GgufLayout): Uint8Array<ArrayBuffer> {
  const { tensors, alignment, dataStart } = layout
  const onlyFloats = tensors.every(({ type }) => type === TENSOR_F16 || type === TENSOR_F32)
  if (!onlyFloats) return file

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

/** The same models, widened. */
export const widened = (source: ModelSource): ModelSource => ({
  async open(...call) {
    const model = await source.open(...call)
    const file = new Uint8Array(await model.file.arrayBuffer())
    return { ...model, file: new Blob([widenWeights(file, readGguf(file))]) }
  },
})
