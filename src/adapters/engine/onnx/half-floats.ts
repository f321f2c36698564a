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

let singles: Float32Array | null = null

/** Half-precision numbers (IEEE 754 binary16) in single precision, which loses nothing. */
export function widenHalves(halves: Uint16Array): Float32Array<ArrayBuffer> {
  singles ??= singlesByHalf()
  const widened = new Float32Array(halves.length)
  for (let index = 0; index < halves.length; index++) widened[index] = singles[halves[index] ?? 0] ?? 0
  return widened
}

const SIGN = 0x8000
const LARGEST = 0x7bff

/** The nearest half-precision numbers, ties to even. What is too large for them becomes their largest. */
export function narrowToHalves(values: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length)
  const halves = new Uint16Array(values.length)
  for (let index = 0; index < bits.length; index++) halves[index] = nearestHalf(bits[index] ?? 0)
  return halves
}

/** Of a single-precision number, both by their bits. */
function nearestHalf(single: number): number {
  const sign = (single >>> 16) & SIGN
  const exponent = ((single >>> 23) & 0xff) - 127
  const fraction = single & 0x7fffff
  if (exponent === 128 && fraction !== 0) return sign | 0x7e00
  if (exponent > 15) return sign | LARGEST
  if (exponent < -25) return sign
  // Below 2^-14 halves are spaced evenly, and the leading 1 is written out.
  const [whole, dropped] = exponent < -14 ? [fraction | 0x800000, -1 - exponent] : [fraction, 13]
  const kept = whole >>> dropped
  const rest = whole & ((1 << dropped) - 1)
  const middle = 1 << (dropped - 1)
  const up = rest > middle || (rest === middle && (kept & 1) === 1) ? 1 : 0
  const half = (exponent < -14 ? kept : ((exponent + 15) << 10) | kept) + up
  return sign | Math.min(half, LARGEST)
}
