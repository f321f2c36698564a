import { deflateSync, Inflate } from 'fflate'
import { concatBytes } from './bytes.ts'

/** Compression of texts, by DEFLATE (RFC 1951). Synchronous, so that it takes no turn of the event loop. */

/** What DEFLATE may add to a text that cannot be compressed: five bytes a stored block, of which texts have few. */
export const COMPRESSION_OVERHEAD_BYTES = 32

/** Read at a time. DEFLATE gives at most 1,032 bytes for one, so nobody makes us write much more than we asked for. */
const STEP_BYTES = 128

export function compress(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 9 })
}

/** Null for bytes that are no DEFLATE stream, and for what would give more than `maxBytes`, of which the rest is not read. */
export function decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  const pieces: Uint8Array[] = []
  let sizeBytes = 0
  const reader = new Inflate((piece) => {
    sizeBytes += piece.length
    pieces.push(piece)
  })
  try {
    for (let at = 0; at < bytes.length && sizeBytes <= maxBytes; at += STEP_BYTES) {
      reader.push(bytes.subarray(at, at + STEP_BYTES), at + STEP_BYTES >= bytes.length)
    }
  } catch {
    return null
  }
  return bytes.length === 0 || sizeBytes > maxBytes ? null : concatBytes(...pieces)
}
