import * as v from 'valibot'
import { Digest } from '#core/protocol/ids.ts'
import { DownloadElsewhereError, ModelLoadError } from '#ports/engine.ts'

/** What is known of a model's file on this device. */
const Kept = v.object({
  id: v.string(),
  url: v.string(),
  /** By which a host tells another version of the file. Null where it does not. */
  etag: v.nullable(v.string()),
  /** SHA-256 that the host stated of it. Null where it did not. */
  stated: v.nullable(Digest),
  totalBytes: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  /** Set once the whole file has come and was right: SHA-256 of all of it, and of each piece, by which it is checked again. */
  checked: v.nullable(v.object({ sha256: Digest, pieces: v.array(v.string()) })),
})
export type KeptGguf = v.InferOutput<typeof Kept>
export type WholeGguf = KeptGguf & { readonly checked: NonNullable<KeptGguf['checked']> }

/** What may be whole here. */
export const isWhole = (kept: KeptGguf | null): kept is WholeGguf => kept?.checked != null

const FOLDER = 'models'
const fileName = (id: string): string => `${encodeURIComponent(id)}.gguf`
const recordName = (id: string): string => `${encodeURIComponent(id)}.json`

/**
 * Files of models in the origin private file system, each with a record beside it. What it writes needs a worker, where
 * files can be written in place (`createSyncAccessHandle`); reading and deleting do not.
 *
 * Invariant: a record says `checked` only of a file that was whole and right when that was written.
 */
export class GgufStore {
  readonly #root: () => Promise<FileSystemDirectoryHandle>

  constructor(root: () => Promise<FileSystemDirectoryHandle>) {
    this.#root = root
  }

  /** Null where nothing is known, or what is known cannot be read. */
  async record(id: string): Promise<KeptGguf | null> {
    const file = await this.#read(recordName(id))
    if (!file) return null
    try {
      const parsed = v.safeParse(Kept, JSON.parse(await file.text()))
      return parsed.success && parsed.output.id === id ? parsed.output : null
    } catch {
      return null
    }
  }

  /** Bytes of a file that are here, whole or not. */
  async keptBytes(id: string): Promise<number> {
    return (await this.#read(fileName(id)))?.size ?? 0
  }

  /** A file on the disk: nothing of it is in memory. Throws `ModelLoadError` where it is not whole. */
  async require(id: string): Promise<{ kept: WholeGguf; file: File }> {
    const kept = await this.record(id)
    if (!isWhole(kept)) throw new ModelLoadError(`The model "${id}" has not been downloaded.`)
    const file = await this.#read(fileName(id))
    if (!file) throw new ModelLoadError(`The browser has dropped the file of the model "${id}".`)
    return { kept, file }
  }

  async keepRecord(kept: KeptGguf): Promise<void> {
    const file = await this.#write(recordName(kept.id))
    try {
      const bytes = new TextEncoder().encode(JSON.stringify(kept))
      file.truncate(0)
      writeWhole(file, bytes, 0)
      file.flush()
    } finally {
      file.close()
    }
  }

  /** To write a model's file, which nobody else can meanwhile. Throws `DownloadElsewhereError`. */
  async open(id: string): Promise<FileSystemSyncAccessHandle> {
    try {
      return await this.#write(fileName(id))
    } catch (error) {
      if (!isNamed(error, 'NoModificationAllowedError')) throw error
      throw new DownloadElsewhereError(`Another tab is downloading the model "${id}".`, { cause: error })
    }
  }

  /** What is in the file counts for nothing from now on. */
  forget(id: string): Promise<void> {
    return this.#delete(recordName(id))
  }

  async remove(id: string): Promise<void> {
    await this.forget(id)
    await this.#delete(fileName(id))
  }

  async #delete(name: string): Promise<void> {
    try {
      await (await this.#folder(false))?.removeEntry(name)
    } catch (error) {
      if (!isNamed(error, 'NotFoundError')) throw error
    }
  }

  async #read(name: string): Promise<File | null> {
    try {
      return (await (await (await this.#folder(false))?.getFileHandle(name))?.getFile()) ?? null
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return null
      throw error
    }
  }

  async #write(name: string): Promise<FileSystemSyncAccessHandle> {
    const folder = await this.#folder(true)
    return (await folder.getFileHandle(name, { create: true })).createSyncAccessHandle()
  }

  #folder(create: true): Promise<FileSystemDirectoryHandle>
  #folder(create: false): Promise<FileSystemDirectoryHandle | null>
  async #folder(create: boolean): Promise<FileSystemDirectoryHandle | null> {
    try {
      return await (await this.#root()).getDirectoryHandle(FOLDER, { create })
    } catch (error) {
      if (isNamed(error, 'NotFoundError')) return null
      throw error
    }
  }
}

/** Writes every byte. A full disk throws `QuotaExceededError`, or writes less than it was given, by browser. */
export function writeWhole(file: FileSystemSyncAccessHandle, bytes: Uint8Array<ArrayBuffer>, at: number): void {
  if (file.write(bytes, { at }) < bytes.length) throw new DOMException('The disk is full.', 'QuotaExceededError')
}

const isNamed = (error: unknown, name: string): boolean => error instanceof Error && error.name === name
