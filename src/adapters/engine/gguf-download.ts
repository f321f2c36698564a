import { sha256 } from '@noble/hashes/sha2.js'
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
import { digestsOfPieces } from './file-digest.ts'
import type { GgufModel } from './gguf-catalogue.ts'
import { isWhole, writeWhole, type GgufStore, type KeptGguf, type WholeGguf } from './gguf-store.ts'

export interface GgufDownloadInit {
  readonly store: GgufStore
  readonly fetch: typeof globalThis.fetch
  /** What the site may still keep, where the browser says. */
  freeBytes(): Promise<number | null>
}

const MAGIC = 'GGUF'
const READ_BYTES = 1024 * 1024

/**
 * Brings a model's file onto the disk, from where a download before was cut short. Runs in a worker.
 *
 * Invariants: 1. a file counts as whole only after its length and its digest were right; 2. bytes of two versions of a
 * file are never put together; 3. it contacts the host of the model's entry, and only when called.
 */
export async function downloadGguf(
  model: GgufModel,
  init: GgufDownloadInit,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    const file = await init.store.open(model.id)
    try {
      await new Transfer(model, init, file, onProgress, signal).run()
    } finally {
      file.close()
    }
  } catch (error) {
    signal.throwIfAborted()
    throw namedDownloadError(error, model.id)
  }
}

/** One download of one file, which is open, and closed by the caller. */
class Transfer {
  readonly #model: GgufModel
  readonly #init: GgufDownloadInit
  readonly #file: FileSystemSyncAccessHandle
  readonly #onProgress: (progress: LoadProgress) => void
  readonly #signal: AbortSignal
  #hash = sha256.create()
  /** Written and hashed. */
  #bytes = 0

  constructor(
    model: GgufModel,
    init: GgufDownloadInit,
    file: FileSystemSyncAccessHandle,
    onProgress: (progress: LoadProgress) => void,
    signal: AbortSignal,
  ) {
    this.#model = model
    this.#init = init
    this.#file = file
    this.#onProgress = onProgress
    this.#signal = signal
  }

  async run(): Promise<void> {
    const { store } = this.#init
    const earlier = await store.record(this.#model.id)
    if (this.#isRight(earlier)) {
      this.#bytes = earlier.totalBytes
      return this.#report(earlier.totalBytes)
    }
    // Without a record, or with one of another address, nobody knows what the bytes are of.
    const known = earlier?.url === this.#model.url ? earlier : null
    if (known) this.#hashKept(known.totalBytes)
    else this.#startOver()
    const record = known && this.#bytes === known.totalBytes ? known : await this.#fetchRest(known)
    const expected = this.#model.sha256 ?? record.stated
    const digest = bytesToHex(this.#hash.digest())
    if (expected !== null && digest !== expected) throw await this.#damaged('its digest is not the one it should have')
    const pieces = await digestsOfPieces(record.totalBytes, (from, to) => this.#read(from, to))
    await store.keepRecord({ ...record, checked: { sha256: v.parse(Digest, digest), pieces } })
  }

  #isRight(kept: KeptGguf | null): kept is WholeGguf {
    if (!isWhole(kept) || kept.url !== this.#model.url || this.#file.getSize() !== kept.totalBytes) return false
    return this.#model.sha256 === null || this.#model.sha256 === kept.checked.sha256
  }

  /** Takes up what an earlier download has left. */
  #hashKept(totalBytes: number): void {
    const size = this.#file.getSize()
    if (size > totalBytes) return this.#startOver()
    const buffer = new Uint8Array(READ_BYTES)
    while (this.#bytes < size) {
      const read = this.#file.read(buffer, { at: this.#bytes })
      if (read <= 0) break
      this.#hash.update(buffer.subarray(0, read))
      this.#bytes += read
      this.#report(totalBytes)
    }
  }

  #startOver(): void {
    this.#file.truncate(0)
    this.#hash = sha256.create()
    this.#bytes = 0
  }

  /** What came of an earlier download, or null. Returns the record of the file that is now here. */
  async #fetchRest(kept: KeptGguf | null): Promise<KeptGguf> {
    let response = await this.#request(this.#bytes)
    if (this.#bytes > 0 && !goesOn(response, this.#bytes, kept)) {
      this.#startOver()
      if (response.status !== 200) {
        await response.body?.cancel()
        response = await this.#request(0)
      }
    }
    const body = requireBody(response, this.#model.url)
    const totalBytes = await this.#totalOf(response)
    const record: KeptGguf = {
      id: this.#model.id,
      url: this.#model.url,
      etag: response.headers.get('etag'),
      stated: digestIn(response) ?? (this.#bytes > 0 ? kept?.stated : null) ?? null,
      totalBytes,
      checked: null,
    }
    await this.#init.store.keepRecord(record)
    const wantedBytes = totalBytes - this.#bytes
    if (wantedBytes > ((await this.#init.freeBytes()) ?? Infinity)) {
      throw new StorageFullError(
        `The model "${this.#model.id}" needs ${wantedBytes} bytes more than this site may keep.`,
      )
    }
    this.#report(totalBytes)
    for await (const chunk of body) await this.#take(chunk, totalBytes)
    this.#file.flush()
    if (this.#bytes < totalBytes) throw new DownloadFailedError(`${this.#model.url} ended too early.`)
    return record
  }

  async #take(chunk: Uint8Array<ArrayBuffer>, totalBytes: number): Promise<void> {
    if (this.#bytes + chunk.length > totalBytes) throw await this.#damaged('it is longer than its host said')
    writeWhole(this.#file, chunk, this.#bytes)
    this.#hash.update(chunk)
    const atStart = this.#bytes < MAGIC.length
    this.#bytes += chunk.length
    if (atStart && this.#bytes >= MAGIC.length && !this.#hasMagic()) throw await this.#damaged('it is no GGUF file')
    this.#report(totalBytes)
  }

  #hasMagic(): boolean {
    return new TextDecoder().decode(this.#read(0, MAGIC.length)) === MAGIC
  }

  /** Length of the whole file. Throws where the host does not say, or says another one than is right. */
  async #totalOf(response: Response): Promise<number> {
    const left = Number(response.headers.get('content-length') ?? NaN)
    const said = response.status === 206 ? this.#bytes + left : left
    const { sizeBytes } = this.#model
    const known = Number.isSafeInteger(said) && said > 0 && response.headers.get('content-encoding') === null
    if (known && sizeBytes !== null && said !== sizeBytes) {
      throw await this.#damaged(`it has ${said} bytes instead of ${sizeBytes}`)
    }
    if (!known && sizeBytes === null) throw new DownloadFailedError(`${this.#model.url}: its host names no length.`)
    return sizeBytes ?? said
  }

  #request(from: number): Promise<Response> {
    return this.#init.fetch(this.#model.url, {
      signal: this.#signal,
      cache: 'no-store',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      ...(from > 0 && { headers: { Range: `bytes=${from}-` } }),
    })
  }

  #read(from: number, to: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(to - from)
    this.#file.read(bytes, { at: from })
    return bytes
  }

  #report(totalBytes: number): void {
    this.#onProgress({ loadedBytes: this.#bytes, totalBytes })
  }

  /** Keeps nothing of it: what goes on from wrong bytes can never be right. */
  async #damaged(reason: string): Promise<ModelDamagedError> {
    this.#startOver()
    this.#file.flush()
    await this.#init.store.forget(this.#model.id)
    return new ModelDamagedError(`The file of the model "${this.#model.id}" is damaged: ${reason}.`)
  }
}

/**
 * Whether a reply goes on where the bytes on the disk end. `If-Range` would leave that to the host, but hosts of models
 * do not let pages of other sites send it; so the reply's own name for the file (`ETag`) is compared here.
 */
function goesOn(response: Response, from: number, kept: KeptGguf | null): boolean {
  if (response.status !== 206) return false
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
  if (range && Number(range[1]) !== from) return false
  if (range && range[2] !== '*' && Number(range[2]) !== kept?.totalBytes) return false
  const etag = response.headers.get('etag')
  return etag === null || kept?.etag == null || etag === kept.etag
}

/** The SHA-256 that a host states of a file, as huggingface.co does for large ones, where a page may read it. */
function digestIn(response: Response): Digest | null {
  const parsed = v.safeParse(Digest, response.headers.get('x-linked-etag')?.replaceAll('"', ''))
  return parsed.success ? parsed.output : null
}

/** `downloadGguf` by a model's id. */
export function downloadGgufById(models: readonly GgufModel[], init: GgufDownloadInit) {
  return async (id: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<void> => {
    const model = models.find((candidate) => candidate.id === id)
    if (!model) throw new ModelLoadError(`The model "${id}" is not in the catalogue.`)
    await downloadGguf(model, init, onProgress, signal)
  }
}
