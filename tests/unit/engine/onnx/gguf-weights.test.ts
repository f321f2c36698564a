import { expect, test } from 'vitest'
import { GgufWeights } from '#adapters/engine/onnx/gguf-weights.ts'
import type { GgufLayout } from '#adapters/engine/gguf-layout.ts'

const HALF_OF = { one: 0x3c00, half: 0x3800, minusTwo: 0xc000 }

/** A file of one tensor of this type and these bytes. */
function weightsOf(type: number, shape: readonly number[], bytes: Uint8Array<ArrayBuffer>): GgufWeights {
  const tensor = { name: 't', shape, weights: shape.reduce((a, b) => a * b, 1), type, typeAt: 0, offset: 0 }
  const layout: GgufLayout = { metadata: new Map(), tensors: [tensor], alignment: 32, dataStart: 0 }
  return new GgufWeights(bytes, layout)
}

const bytesOf = (...parts: readonly (Uint16Array | Int8Array | Uint8Array | Float32Array)[]) =>
  Uint8Array.from(parts.flatMap((part) => [...new Uint8Array(part.buffer)]))

test('single and half precision', () => {
  expect([...weightsOf(0, [2], bytesOf(Float32Array.of(1.5, -3))).read('t', [2])]).toEqual([1.5, -3])
  const halves = Uint16Array.of(HALF_OF.one, HALF_OF.half, HALF_OF.minusTwo)
  expect([...weightsOf(1, [3], bytesOf(halves)).read('t', [3])]).toEqual([1, 0.5, -2])
})

test('Q8_0: a scale and 32 signed bytes', () => {
  const bytes = Int8Array.from({ length: 32 }, (_, i) => i * 8 - 128)
  const values = weightsOf(8, [32], bytesOf(Uint16Array.of(HALF_OF.half), bytes)).read('t', [32])
  expect([...values]).toEqual(Array.from(bytes, (byte) => byte / 2))
})

test('Q4_0: a scale and 16 bytes, low nibbles first', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, i) => i | ((15 - i) << 4))
  const values = weightsOf(2, [32], bytesOf(Uint16Array.of(HALF_OF.minusTwo), bytes)).read('t', [32])
  expect([...values.slice(0, 16)]).toEqual(Array.from({ length: 16 }, (_, i) => -2 * (i - 8)))
  expect([...values.slice(16)]).toEqual(Array.from({ length: 16 }, (_, i) => -2 * (7 - i)))
})

test('a matrix is turned', () => {
  const rows = weightsOf(0, [3, 2], bytesOf(Float32Array.of(1, 2, 3, 4, 5, 6)))
  expect([...rows.readTransposed('t', 3, 2)]).toEqual([1, 4, 2, 5, 3, 6])
})

test.each([
  ['is not there', () => weightsOf(0, [1], new Uint8Array(4)).read('other', [1]), 'no tensor "other"'],
  ['has another shape', () => weightsOf(0, [2, 1], new Uint8Array(8)).read('t', [1, 2]), '2 x 1, not 1 x 2'],
  ['is of a type that is not read', () => weightsOf(12, [256], new Uint8Array(144)).read('t', [256]), 'type 12'],
  ['goes beyond the file', () => weightsOf(0, [9], new Uint8Array(32)).read('t', [9]), 'beyond the end'],
  ['ends within a block', () => weightsOf(8, [33], new Uint8Array(99)).read('t', [33]), 'beyond the end'],
])('a tensor that %s is a ModelUnsupportedError', (_, read, message) => {
  expect(read).toThrow(
    expect.objectContaining({ name: 'ModelUnsupportedError', message: expect.stringContaining(message) }),
  )
})
