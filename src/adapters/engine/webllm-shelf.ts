import type { ModelShelf, ShelfOffer, ShelfSurvey } from '#ports/model-shelf.ts'
import { fitOf, recommend, shown, type GpuDevice } from './device-fit.ts'
import { downloadInWorker, freeDiskBytes, type SiteStorage } from './download-in-worker.ts'
import type { Gpu } from './gpu.ts'
import { ModelCache, type CacheStore } from './model-cache.ts'
import { WEBLLM_MODELS } from './webllm-catalogue.ts'
import type { EngineWorker } from './worker-engine.ts'

export interface WebLlmShelfInit {
  readonly gpu: Gpu
  /** Undefined where the browser has no Cache API, as in an insecure context. */
  readonly caches: CacheStore | undefined
  readonly storage: SiteStorage | undefined
  /** `navigator.deviceMemory`, where there is one. */
  readonly memoryGib: number | undefined
  /** A worker that exposes a `DownloadHost`. */
  spawn(): EngineWorker
}

/** web-llm's models on this device. The list is shown without web-llm; a download runs in a worker of its own. */
export function createWebLlmShelf({ gpu, caches, storage, memoryGib, spawn }: WebLlmShelfInit): ModelShelf {
  const cache = caches && new ModelCache(caches)

  return {
    async survey(): Promise<ShelfSurvey> {
      const adapter = cache ? await gpu.adapter() : null
      if (!adapter || !cache) return { problem: 'NoGpuError', offers: [], recommended: null }
      const device: GpuDevice = {
        f16: adapter.f16,
        maxBindingBytes: adapter.maxBindingBytes,
        memoryBytes: memoryGib === undefined ? null : memoryGib * 1024 ** 3,
        freeDiskBytes: await freeDiskBytes(storage),
      }
      const held = new Set(await cache.completeIds().catch(() => []))
      const offers = WEBLLM_MODELS.map((model): ShelfOffer => {
        const downloaded = held.has(model.id)
        return { ...shown(model), fit: fitOf(device, model, downloaded), downloaded, keptBytes: 0 }
      })
      const recommended = adapter.software ? null : recommend(device, WEBLLM_MODELS)
      return { problem: null, offers, recommended: recommended?.id ?? null }
    },

    download: (modelId, onProgress, signal) => downloadInWorker(spawn, storage, modelId, onProgress, signal),

    async remove(modelId): Promise<void> {
      await cache?.remove(modelId)
    },
  }
}
