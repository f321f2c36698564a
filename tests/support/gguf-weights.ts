import { narrowToHalves, widenHalves } from '#adapters/engine/onnx/half-floats.ts'

/** How a file keeps its weights; ggml's numbers for them (ggml.h, `ggml_type`). */
export const GGML_TYPE = { f32: 0, f16: 1, q4_0: 2, q8_0: 8 } as const
export type WeightType = keyof typeof GGML_TYPE

export const BLOCK_WEIGHTS = 32

const BYTES_OF_BLOCK: Readonly<Record<WeightType, number>> = { f32: 128, f16: 64, q4_0: 18, q8_0: 34 }

export const sizeBytesOf = (weights: number, type: WeightType): number =>
  (weights / BLOCK_WEIGHTS) * BYTES_OF_BLOCK[type]

export function encodeWeights(weights: Float32Array, type: WeightType): Uint8Array {
  if (type === 'f32') return new Uint8Array(weights.buffer, weights.byteOffset, weights.byteLength)
  if (type === 'f16') return new Uint8Array(narrowToHalves(weights).buffer)
  const halves = narrowToHalves(scalesOf(weights, type))
  const scales = widenHalves(halves)
  const bytes = new Uint8Array(sizeBytesOf(weights.length, type))
  for (let block = 0; block < scales.length; block++) {
    const at = block * BYTES_OF_BLOCK[type]
    const half = halves[block] ?? 0
    bytes[at] = half & 0xff
    bytes[at + 1] = half >> 8
    const units = scales[block] ? 1 / (scales[block] ?? 1) : 0
    if (type === 'q8_0') encodeEights(weights, block * BLOCK_WEIGHTS, units, bytes, at + 2)
    else encodeFours(weights, block * BLOCK_WEIGHTS, units, bytes, at + 2)
  }
  return bytes
}

/** Of each block: its largest weight is 127 times the scale (ggml-quants.c, `quantize_row_q8_0_ref`), or -8 times. */
function scalesOf(weights: Float32Array, type: 'q8_0' | 'q4_0'): Float32Array {
  const scales = new Float32Array(weights.length / BLOCK_WEIGHTS)
  for (let block = 0; block < scales.length; block++) {
    let largest = 0
    for (let index = block * BLOCK_WEIGHTS; index < (block + 1) * BLOCK_WEIGHTS; index++) {
      const weight = weights[index] ?? 0
      if (Math.abs(weight) > Math.abs(largest)) largest = weight
    }
    scales[block] = type === 'q8_0' ? Math.abs(largest) / 127 : largest / -8
  }
  return scales
}

function encodeEights(weights: Float32Array, from: number, units: number, bytes: Uint8Array, at: number): void {
  for (let i = 0; i < BLOCK_WEIGHTS; i++) {
    bytes[at + i] = Math.max(-127, Math.min(127, Math.round((weights[from + i] ?? 0) * units)))
  }
}

function encodeFours(weights: Float32Array, from: number, units: number, bytes: Uint8Array, at: number): void {
  const half = BLOCK_WEIGHTS / 2
  for (let i = 0; i < half; i++) {
    const low = nibble((weights[from + i] ?? 0) * units)
    bytes[at + i] = low | (nibble((weights[from + half + i] ?? 0) * units) << 4)
  }
}

const nibble = (units: number): number => Math.max(0, Math.min(15, Math.floor(units + 8.5)))

/** The inverse of `encodeWeights`, but for what it rounds. */
export function decodeWeights(bytes: Uint8Array, type: WeightType): Float32Array {
  const aligned = bytes.slice()
  if (type === 'f32') return new Float32Array(aligned.buffer)
  if (type === 'f16') return widenHalves(new Uint16Array(aligned.buffer))
  const size = BYTES_OF_BLOCK[type]
  const view = new DataView(aligned.buffer)
  const scales = widenHalves(
    Uint16Array.from({ length: bytes.length / size }, (_, i) => view.getUint16(i * size, true)),
  )
  const units = (block: number, index: number): number => {
    const at = block * size + 2
    if (type === 'q8_0') return view.getInt8(at + index)
    return ((view.getUint8(at + (index % 16)) >> (index < 16 ? 0 : 4)) & 15) - 8
  }
  return Float32Array.from({ length: scales.length * BLOCK_WEIGHTS }, (_, index) => {
    const block = Math.floor(index / BLOCK_WEIGHTS)
    return (scales[block] ?? 0) * units(block, index % BLOCK_WEIGHTS)
  })
}
