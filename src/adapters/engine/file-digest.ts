import { bytesToHex } from '@noble/hashes/utils.js'
import { ModelDamagedError } from '#ports/engine.ts'

/**
 * A whole file's SHA-256 must be computed in plain code, since the browser's own hashes nothing piece by piece, and takes
 * half a minute a gigabyte. So when the whole was right, the digest of each piece is kept, and a file is checked again by
 * those, with the browser's own, many times as fast.
 */
const PIECE_BYTES = 8 * 1024 * 1024

export async function digestsOfPieces(
  sizeBytes: number,
  read: (from: number, to: number) => Promise<BufferSource> | BufferSource,
  onProgress: (bytes: number) => void = () => {},
  signal?: AbortSignal,
): Promise<string[]> {
  const digests: string[] = []
  for (let from = 0; from < sizeBytes; from += PIECE_BYTES) {
    signal?.throwIfAborted()
    const to = Math.min(sizeBytes, from + PIECE_BYTES)
    digests.push(bytesToHex(new Uint8Array(await crypto.subtle.digest('SHA-256', await read(from, to)))))
    onProgress(to)
  }
  return digests
}

/** Throws `ModelDamagedError` where the file is not what it was when its pieces were digested. */
export async function checkPieces(
  id: string,
  file: Blob,
  pieces: readonly string[],
  onProgress: (bytes: number) => void,
  signal?: AbortSignal,
): Promise<void> {
  const read = (from: number, to: number) => file.slice(from, to).arrayBuffer()
  const digests = await digestsOfPieces(file.size, read, onProgress, signal)
  if (digests.join() !== pieces.join()) {
    throw new ModelDamagedError(`The file of the model "${id}" has changed since it was checked.`)
  }
}
