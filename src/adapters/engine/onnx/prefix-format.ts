import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { PrefixRefusedError } from '#ports/engine.ts'
import { narrowToHalves, widenHalves } from './half-floats.ts'

/**
 * A prefix as bytes, little-endian throughout:
 *
 * | at | bytes | what |
 * | -- | ----- | ---- |
 * | 0  | 4     | "TSKV" |
 * | 4  | 1     | version, 1 |
 * | 5  | 1     | bytes of a number: 2 (binary16) or 4 (binary32) |
 * | 6  | 2     | 0 |
 * | 8  | 32    | SHA-256 of the model's file |
 * | 40 | 4     | tokens, n |
 * | 44 | 4     | layers of the model |
 * | 48 | 4     | numbers of a layer's keys for one token, w |
 * | 52 | 4 n   | the tokens |
 * |    |       | for each layer its keys, then its values: n w numbers each, head by head |
 */
const MAGIC = 0x564b5354
const VERSION = 1
const HEAD_BYTES = 52

export type PrefixPrecision = 'f16' | 'f32'

/** Which prefixes a loaded model takes. */
export interface PrefixFit {
  /** SHA-256 of the model's file, in hexadecimal digits. */
  readonly modelDigest: string
  readonly vocabulary: number
  readonly contextTokens: number
  readonly chunkTokens: number
  readonly layers: number
  /** Numbers of a layer's keys for one token. */
  readonly layerWidth: number
}

/** For each layer its keys, then its values, each [key heads, tokens, head width]. */
export interface PrefixValues {
  readonly tokens: readonly number[]
  readonly values: readonly Float32Array[]
}

export function packPrefix(
  { tokens, values }: PrefixValues,
  { modelDigest, layers, layerWidth }: PrefixFit,
  precision: PrefixPrecision,
): Uint8Array<ArrayBuffer> {
  const width = precision === 'f16' ? 2 : 4
  const part = tokens.length * layerWidth * width
  const bytes = new Uint8Array(HEAD_BYTES + tokens.length * 4 + values.length * part)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, MAGIC, true)
  view.setUint8(4, VERSION)
  view.setUint8(5, width)
  bytes.set(hexToBytes(modelDigest), 8)
  view.setUint32(40, tokens.length, true)
  view.setUint32(44, layers, true)
  view.setUint32(48, layerWidth, true)
  tokens.forEach((token, index) => view.setUint32(HEAD_BYTES + index * 4, token, true))
  let at = HEAD_BYTES + tokens.length * 4
  for (const numbers of values) {
    const source = precision === 'f16' ? narrowToHalves(numbers) : numbers
    bytes.set(new Uint8Array(source.buffer, source.byteOffset, source.byteLength), at)
    at += part
  }
  return bytes
}

/**
 * Reads what a stranger sent. Nothing is allocated before the sizes are known to be right. Throws `PrefixRefusedError`.
 */
export function unpackPrefix(bytes: Uint8Array, fit: PrefixFit): PrefixValues {
  const refuse = (why: string): never => {
    throw new PrefixRefusedError(`The prefix ${why}.`)
  }
  if (bytes.length < HEAD_BYTES) refuse('is cut short')
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) !== MAGIC || view.getUint8(4) !== VERSION) refuse('is of another format')
  const width = view.getUint8(5)
  if ((width !== 2 && width !== 4) || view.getUint16(6, true) !== 0) refuse('is of another format')
  if (bytesToHex(bytes.subarray(8, 40)) !== fit.modelDigest) refuse('is of another model')
  const count = view.getUint32(40, true)
  if (view.getUint32(44, true) !== fit.layers || view.getUint32(48, true) !== fit.layerWidth) {
    refuse('is of a model of another shape')
  }
  if (count === 0 || count % fit.chunkTokens !== 0) refuse('is not of whole chunks')
  if (count > fit.contextTokens) refuse('is longer than the context')
  const part = count * fit.layerWidth * width
  if (bytes.length !== HEAD_BYTES + count * 4 + fit.layers * 2 * part) refuse('has not the length that it states')
  const tokens = Array.from({ length: count }, (_, index) => view.getUint32(HEAD_BYTES + index * 4, true))
  if (tokens.some((token) => token >= fit.vocabulary)) refuse('holds a token that the model has not')
  const values = Array.from({ length: fit.layers * 2 }, (_, index) => {
    const start = HEAD_BYTES + count * 4 + index * part
    // A copy, since typed arrays want their numbers aligned.
    const own = new Uint8Array(part)
    own.set(bytes.subarray(start, start + part))
    return width === 2 ? widenHalves(new Uint16Array(own.buffer)) : new Float32Array(own.buffer)
  })
  for (const numbers of values) {
    for (const number of numbers) if (!Number.isFinite(number)) refuse('holds what is not a number')
  }
  return { tokens, values }
}
