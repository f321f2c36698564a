import { deflateSync, inflateSync } from 'fflate'

/** Compression of texts, by DEFLATE (RFC 1951). Synchronous, so that it takes no turn of the event loop. */

/** What DEFLATE may add to a text that cannot be compressed: five bytes a stored block, of which texts have few. */
export const COMPRESSION_OVERHEAD_BYTES = 32

export function compress(bytes: Uint8Array): Uint8Array {
  return deflateSync(bytes, { level: 9 })
}

/** Null for bytes that are no DEFLATE stream, and for what would give more than `maxBytes`, without making it. */
export function decompress(bytes: Uint8Array, maxBytes: number): Uint8Array | null {
  // The buffer is fixed: what goes beyond it is dropped, and its last byte shows that something did.
  const room = new Uint8Array(maxBytes + 1)
  try {
    const inflated = inflateSync(bytes, { out: room })
    return inflated.length > maxBytes ? null : inflated
  } catch {
    return null
  }
}
