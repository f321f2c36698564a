import type { ModelShelf, ShelfOffer, ShelfSurvey } from '#ports/model-shelf.ts'
import { roomFor, shown, type RoomyDevice } from './device-fit.ts'
import { downloadInWorker, freeDiskBytes, type SiteStorage } from './download-in-worker.ts'
import type { GgufModel } from './gguf-catalogue.ts'
import { isWhole, type GgufStore } from './gguf-store.ts'
import { missingInWasm } from './wasm-features.ts'
import type { EngineWorker } from './worker-engine.ts'

export interface GgufShelfInit {
  readonly models: readonly GgufModel[]
  /** Null where the browser has no private file system, as in an insecure context. */
  readonly store: GgufStore | null
  readonly storage: SiteStorage | undefined
  /** `navigator.deviceMemory`, where there is one. */
  readonly memoryGib: number | undefined
  /** A worker that exposes a `DownloadHost`. */
  spawn(): EngineWorker
}

/** A processor reads every weight for every token, so of those that fit, a small one is pleasanter than a clever one. */
const PLEASANT_BYTES = 550 * 1000 * 1000

/** Models in GGUF files, computed on the processor. A download runs in a worker of its own. */
export function createGgufShelf({ models, store, storage, memoryGib, spawn }: GgufShelfInit): ModelShelf {
  const offer = async (model: GgufModel, device: RoomyDevice, store: GgufStore): Promise<ShelfOffer> => {
    const kept = await store.record(model.id).catch(() => null)
    const keptBytes = kept?.url === model.url ? await store.keptBytes(model.id).catch(() => 0) : 0
    const downloaded = isWhole(kept) && keptBytes === kept.totalBytes
    return { ...shown(model), fit: roomFor(device, model, downloaded), downloaded, keptBytes }
  }
  return {
    async survey(): Promise<ShelfSurvey> {
      if (!store) return { problem: 'SecurityError', offers: [], recommended: null }
      if (missingInWasm() !== null) return { problem: 'UnsupportedBrowserError', offers: [], recommended: null }
      const device: RoomyDevice = {
        memoryBytes: memoryGib === undefined ? null : memoryGib * 1024 ** 3,
        freeDiskBytes: await freeDiskBytes(storage),
      }
      const offers = await Promise.all(models.map((model) => offer(model, device, store)))
      const pleasant = offers.filter(({ fit, downloadBytes }) => fit === 'good' && downloadBytes <= PLEASANT_BYTES)
      const recommended = pleasant.at(-1) ?? offers.find(({ fit }) => fit === 'good' || fit === 'tight')
      return { problem: null, offers, recommended: recommended?.id ?? null }
    },
    download: (modelId, onProgress, signal) => downloadInWorker(spawn, storage, modelId, onProgress, signal),
    async remove(modelId): Promise<void> {
      await store?.remove(modelId)
    },
  }
}
