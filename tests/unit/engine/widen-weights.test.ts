import { expect, it } from 'vitest'
import { readGguf, TENSOR_F32 } from '#adapters/engine/gguf-layout.ts'
import { widenWeights } from '#support/widen-weights.ts'
import { writeGguf } from '#support/gguf-writer.ts'

/** One tensor whose data are these halves, by their bits, padded to pairs. */
function halves(bits: readonly number[]): Uint8Array<ArrayBuffer> {
  const raw = new Float32Array(new Uint16Array(bits).buffer)
  const file = new Uint8Array(
    writeGguf({}, [
      { name: 'half', shape: [raw.length], data: raw },
      { name: 'single', shape: [3], data: new Float32Array([1, -2, 0.1]) },
    ]),
  )
  const view = new DataView(file.buffer)
  const [tensor] = readGguf(file).tensors
  if (!tensor) throw new Error('no tensor')
  view.setUint32(tensor.typeAt, 1, true)
  view.setBigUint64(tensor.typeAt - 8, BigInt(bits.length), true)
  return file
}

it('writes halves out as the singles they are, and moves what follows', () => {
  const file = halves([0x0000, 0x8000, 0x3c00, 0xc000, 0x3555, 0x0001, 0x03ff, 0x7bff, 0x7c00, 0xfc00])
  const widened = widenWeights(file, readGguf(file))
  const { tensors, dataStart } = readGguf(widened)
  expect(tensors.map(({ type }) => type)).toEqual([TENSOR_F32, TENSOR_F32])
  const read = (index: number): number[] => {
    const { offset = 0, weights = 0 } = tensors[index] ?? {}
    return [...new Float32Array(widened.buffer, dataStart + offset, weights)]
  }
  const third = 0.333251953125
  expect(read(0)).toEqual([0, -0, 1, -2, third, 2 ** -24, 1023 * 2 ** -24, 65504, Infinity, -Infinity])
  expect(read(1)).toEqual([1, -2, Math.fround(0.1)])
})

it('leaves other formats alone', () => {
  const file = halves([0, 0])
  const layout = readGguf(file)
  const quantised = { ...layout, tensors: layout.tensors.map((tensor) => ({ ...tensor, type: 8 })) }
  expect(widenWeights(file, quantised)).toBe(file)
})
