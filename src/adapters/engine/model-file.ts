import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { ModelLoadError, type LoadProgress } from '#ports/engine.ts'
import type { CatalogueMember } from './catalogue.ts'

/**
 * Fetches a model's file, and returns it only if every byte is what the catalogue promises. The digest is computed
 * as the bytes arrive, in plain code, because `crypto.subtle` knows neither streams nor insecure contexts.
 */
export async function fetchModelFile(
  modelsUrl: string,
  member: CatalogueMember,
  onProgress?: (progress: LoadProgress) => void,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const response = await fetch(`${modelsUrl}${member.file}`, signal && { signal })
    if (!response.ok || !response.body) throw missing(member, `HTTP ${response.status}`)
    return await readVerified(response.body, member, onProgress)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ModelLoadError) throw error
    throw missing(member, 'the connection failed', error)
  }
}

async function readVerified(
  body: ReadableStream<Uint8Array>,
  member: CatalogueMember,
  onProgress?: (progress: LoadProgress) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const { sizeBytes: totalBytes } = member
  const file = new Uint8Array(totalBytes)
  const hash = sha256.create()
  let loadedBytes = 0
  for await (const chunk of body) {
    if (loadedBytes + chunk.length > totalBytes) throw damaged(member, 'it is longer than the catalogue says')
    file.set(chunk, loadedBytes)
    hash.update(chunk)
    loadedBytes += chunk.length
    onProgress?.({ loadedBytes, totalBytes })
  }
  if (loadedBytes < totalBytes) throw damaged(member, 'it is shorter than the catalogue says')
  if (bytesToHex(hash.digest()) !== member.sha256) throw damaged(member, 'its digest is not the one in the catalogue')
  return file
}

const missing = (member: CatalogueMember, reason: string, cause?: unknown): ModelLoadError =>
  new ModelLoadError(`The file of the model "${member.id}" could not be fetched: ${reason}.`, { cause })

const damaged = (member: CatalogueMember, reason: string): ModelLoadError =>
  new ModelLoadError(`The file of the model "${member.id}" is damaged: ${reason}.`)
