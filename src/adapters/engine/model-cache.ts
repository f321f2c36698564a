import * as v from 'valibot'
import { Digest } from '#core/protocol/ids.ts'
import { ModelLoadError } from '#ports/engine.ts'
import type { ModelFile, Scope } from './model-files.ts'

/** The Cache API, as far as it is needed. */
export interface CacheStore {
  open(name: string): Promise<Pick<Cache, 'match' | 'put' | 'delete' | 'keys'>>
}

const File = v.object({
  scope: v.picklist(['webllm/config', 'webllm/wasm', 'webllm/model']),
  url: v.string(),
  name: v.string(),
})

/** What is known of a model's files on this device. */
const Kept = v.object({
  id: v.string(),
  complete: v.boolean(),
  totalBytes: v.number(),
  /** Names the model between nodes: over its configuration, its tokenizer and the manifest with its digests of weights. */
  digest: Digest,
  /** SHA-256 (base64) of what was checked when it came, by name; web-llm holds the files against these at each load. */
  integrity: v.record(v.string(), v.string()),
  files: v.array(File),
})
export type KeptModel = v.InferOutput<typeof Kept>

const RECORDS = 'tabswarm-models'
const recordUrl = (id: string): string => `https://models.invalid/${encodeURIComponent(id)}`

/**
 * Files of models in the Cache API, under the names that web-llm looks for, and a record of each model.
 *
 * Invariant: a record says `complete` only when every file was in place, checked.
 */
export class ModelCache {
  readonly #caches: CacheStore

  constructor(caches: CacheStore) {
    this.#caches = caches
  }

  async record(id: string): Promise<KeptModel | null> {
    const response = await (await this.#caches.open(RECORDS)).match(recordUrl(id))
    if (!response) return null
    const parsed = v.safeParse(Kept, await response.json().catch(() => null))
    return parsed.success ? parsed.output : null
  }

  async keepRecord(kept: KeptModel): Promise<void> {
    await (await this.#caches.open(RECORDS)).put(recordUrl(kept.id), Response.json(kept))
  }

  /** Ids of models that are here whole. A browser may evict single files unasked; `load` finds that out. */
  async completeIds(): Promise<string[]> {
    const cache = await this.#caches.open(RECORDS)
    const ids = (await cache.keys()).map(({ url }) => decodeURIComponent(new URL(url).pathname.slice(1)))
    const records = await Promise.all(ids.map((id) => this.record(id)))
    return records.flatMap((kept) => (kept?.complete ? [kept.id] : []))
  }

  async has({ scope, url }: ModelFile): Promise<boolean> {
    return (await this.#match(scope, url)) !== undefined
  }

  async read({ scope, url }: ModelFile): Promise<Uint8Array<ArrayBuffer> | null> {
    const response = await this.#match(scope, url)
    return response ? new Uint8Array(await response.arrayBuffer()) : null
  }

  async put({ scope, url }: ModelFile, body: BodyInit): Promise<void> {
    await (await this.#caches.open(scope)).put(url, new Response(body))
  }

  /** The record of a model whose every file is here. Throws `ModelLoadError` otherwise: nothing is fetched for it. */
  async require(id: string): Promise<KeptModel> {
    const kept = await this.record(id)
    if (!kept?.complete) throw new ModelLoadError(`The model "${id}" has not been downloaded.`)
    const present = await Promise.all(kept.files.map((file) => this.has(file)))
    if (present.includes(false)) {
      await this.keepRecord({ ...kept, complete: false })
      throw new ModelLoadError(`The browser has dropped a file of the model "${id}".`)
    }
    return kept
  }

  /** Deletes a model's files but those that another model uses too, and its record. */
  async remove(id: string): Promise<void> {
    const records = await this.#caches.open(RECORDS)
    const kept = await this.record(id)
    await records.delete(recordUrl(id))
    const others = await Promise.all((await records.keys()).map(async (request) => records.match(request)))
    const used = new Set<string>()
    for (const response of others) {
      const parsed = v.safeParse(Kept, await response?.json().catch(() => null))
      if (parsed.success) for (const { url } of parsed.output.files) used.add(url)
    }
    for (const { scope, url } of kept?.files ?? []) {
      if (!used.has(url)) await (await this.#caches.open(scope)).delete(url)
    }
  }

  async #match(scope: Scope, url: string): Promise<Response | undefined> {
    return (await this.#caches.open(scope)).match(url)
  }
}
