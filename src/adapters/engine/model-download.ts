import { md5 } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import { Digest } from '#core/protocol/ids.ts'
import {
  DownloadFailedError,
  ModelDamagedError,
  ModelLoadError,
  StorageFullError,
  type LoadProgress,
} from '#ports/engine.ts'
import { namedDownloadError, requireBody } from './download-errors.ts'
import type { ModelCache } from './model-cache.ts'
import { firstFiles, libraryFile, shardsOf, tokenizerFile, type ModelFile, type Shard } from './model-files.ts'
import type { WebLlmModel } from './webllm-catalogue.ts'

/** Enough to fill a line; more would only keep more of a cut download unfinished. */
const PARALLEL_SHARDS = 3

export interface DownloadInit {
  readonly cache: ModelCache
  readonly fetch: typeof globalThis.fetch
  /** What the site may still keep, where the browser says. */
  freeBytes(): Promise<number | null>
}

/**
 * Brings a model's files to where web-llm looks for them. It is done here and not by web-llm because web-llm counts whole
 * shards only, checks none of them, and cannot say what failed.
 *
 * Invariants: 1. a file is put in place only after its length and every digest known of it were right; 2. what is in
 * place is not fetched again; 3. it contacts the hosts of the model's entry, and only when called.
 */
export async function downloadModel(
  model: WebLlmModel,
  { cache, fetch, freeBytes }: DownloadInit,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  const transfer = { model, cache, fetch, signal: either }
  try {
    const { config, manifest } = firstFiles(model)
    const configBytes = await obtain(config, transfer)
    const manifestBytes = await obtain(manifest, transfer)
    const tokenizer = tokenizerFile(model, configBytes)
    const shards = shardsOf(model, manifestBytes)
    const library = libraryFile(model)
    const tokenizerBytes = await obtain(tokenizer, transfer)
    const libraryBytes = await obtain(library, transfer)

    const small = { [config.name]: configBytes, [manifest.name]: manifestBytes, [tokenizer.name]: tokenizerBytes }
    const progress = new Tally(
      [configBytes, manifestBytes, tokenizerBytes, libraryBytes].reduce((sum, { length }) => sum + length, 0),
      shards.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      onProgress,
    )
    const kept = {
      id: model.id,
      complete: false,
      totalBytes: progress.totalBytes,
      digest: v.parse(Digest, await digestOf(small)),
      integrity: Object.fromEntries(
        await Promise.all(
          Object.entries({ ...small, [library.name]: libraryBytes }).map(
            async ([name, bytes]) => [name, base64(await sha256(bytes))] as const,
          ),
        ),
      ),
      files: [config, manifest, tokenizer, library, ...shards].map(({ scope, url, name }) => ({ scope, url, name })),
    }
    await cache.keepRecord(kept)

    const missing: Shard[] = []
    for (const shard of shards) {
      if (await cache.has(shard)) progress.add(shard.sizeBytes)
      else missing.push(shard)
    }
    const wantedBytes = missing.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
    if (wantedBytes > ((await freeBytes()) ?? Infinity)) {
      throw new StorageFullError(`The model "${model.id}" needs ${wantedBytes} bytes more than this site may keep.`)
    }
    const lane = async (): Promise<void> => {
      for (let shard = missing.shift(); shard; shard = missing.shift()) {
        await fetchShard(shard, transfer, (bytes) => progress.add(bytes))
      }
    }
    await Promise.all(Array.from({ length: PARALLEL_SHARDS }, lane))
    await cache.keepRecord({ ...kept, complete: true })
  } catch (error) {
    failed.abort()
    signal.throwIfAborted()
    // The first failure wins; others are only its echo.
    throw namedDownloadError(error, model.id)
  }
}

/** `downloadModel` by a model's id. */
export function downloadById(models: readonly WebLlmModel[], init: DownloadInit) {
  return async (id: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<void> => {
    const model = models.find((candidate) => candidate.id === id)
    if (!model) throw new ModelLoadError(`The model "${id}" is not in the catalogue.`)
    await downloadModel(model, init, onProgress, signal)
  }
}

interface Transfer {
  readonly model: WebLlmModel
  readonly cache: ModelCache
  readonly fetch: typeof globalThis.fetch
  readonly signal: AbortSignal
}

/** A small file, from the cache or from its host. */
async function obtain(file: ModelFile, transfer: Transfer): Promise<Uint8Array<ArrayBuffer>> {
  const { cache, model } = transfer
  const held = await cache.read(file)
  if (held) return held
  const body = await request(file, transfer)
  const bytes = new Uint8Array(await new Response(body).arrayBuffer())
  await checkPinned(model, file, bytes)
  await cache.put(file, bytes)
  return bytes
}

async function fetchShard(shard: Shard, transfer: Transfer, onBytes: (count: number) => void): Promise<void> {
  const { cache, model } = transfer
  const chunks: Uint8Array<ArrayBuffer>[] = []
  const hash = md5.create()
  let loadedBytes = 0
  for await (const chunk of await request(shard, transfer)) {
    loadedBytes += chunk.length
    if (loadedBytes > shard.sizeBytes) throw damaged(model, shard, 'it is longer than the manifest says')
    hash.update(chunk)
    chunks.push(chunk)
    onBytes(chunk.length)
  }
  if (loadedBytes < shard.sizeBytes) throw new DownloadFailedError(`${shard.name} ended too early.`)
  if (shard.md5 !== null && bytesToHex(hash.digest()) !== shard.md5) {
    throw damaged(model, shard, 'its digest is not the one in the manifest')
  }
  const blob = new Blob(chunks)
  if (model.digests?.[shard.name]) await checkPinned(model, shard, new Uint8Array(await blob.arrayBuffer()))
  await cache.put(shard, blob)
}

async function request(file: ModelFile, { fetch, signal }: Transfer): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  // Kept in the Cache API, it need not stand in the browser's own cache as well.
  const response = await fetch(file.url, {
    signal,
    cache: 'no-store',
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  })
  return requireBody(response, file.url)
}

async function checkPinned(model: WebLlmModel, file: ModelFile, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const expected = model.digests?.[file.name]
  if (expected !== undefined && bytesToHex(await sha256(bytes)) !== expected) {
    throw damaged(model, file, 'its digest is not the one in the catalogue')
  }
}

/** Counts bytes as they come, of all lanes together. */
class Tally {
  readonly totalBytes: number
  #loadedBytes: number
  readonly #report: (progress: LoadProgress) => void

  constructor(loadedBytes: number, moreBytes: number, report: (progress: LoadProgress) => void) {
    this.totalBytes = loadedBytes + moreBytes
    this.#loadedBytes = loadedBytes
    this.#report = report
    this.add(0)
  }

  add(bytes: number): void {
    this.#loadedBytes += bytes
    this.#report({ loadedBytes: this.#loadedBytes, totalBytes: this.totalBytes })
  }
}

const damaged = (model: WebLlmModel, file: ModelFile, reason: string): ModelDamagedError =>
  new ModelDamagedError(`The file ${file.name} of the model "${model.id}" is damaged: ${reason}.`)

async function digestOf(files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Promise<string> {
  const digests = await Promise.all(
    Object.entries(files).map(async ([name, bytes]) => `${name} ${bytesToHex(await sha256(bytes))}`),
  )
  return bytesToHex(await sha256(new TextEncoder().encode(digests.sort().join('\n'))))
}

const sha256 = async (bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes))
