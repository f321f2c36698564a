import { proxy, releaseProxy, wrap } from 'comlink'
import type { LoadProgress } from '#ports/engine.ts'
import type { ModelShelf, ShelfOffer, ShelfSurvey } from '#ports/model-shelf.ts'
import { fitOf, recommend, type GpuDevice } from './device-fit.ts'
import type { DownloadHost } from './download-host.ts'
import { reviveError } from './engine-errors.ts'
import type { Gpu } from './gpu.ts'
import { ModelCache, type CacheStore } from './model-cache.ts'
import { WEBLLM_MODELS } from './webllm-catalogue.ts'
import type { EngineWorker } from './worker-engine.ts'

export interface WebLlmShelfInit {
  readonly gpu: Gpu
  /** Undefined where the browser has no Cache API, as in an insecure context. */
  readonly caches: CacheStore | undefined
  readonly storage: Pick<StorageManager, 'estimate' | 'persist'> | undefined
  /** `navigator.deviceMemory`, where there is one. */
  readonly memoryGib: number | undefined
  /** A worker that exposes a `DownloadHost`. */
  spawn(): EngineWorker
}

/** web-llm's models on this device. The list is shown without web-llm; a download runs in a worker of its own. */
export function createWebLlmShelf({ gpu, caches, storage, memoryGib, spawn }: WebLlmShelfInit): ModelShelf {
  const cache = caches && new ModelCache(caches)

  async function freeDiskBytes(): Promise<number | null> {
    const estimate = await storage?.estimate().catch(() => undefined)
    return estimate?.quota === undefined ? null : estimate.quota - (estimate.usage ?? 0)
  }

  return {
    async survey(): Promise<ShelfSurvey> {
      const adapter = cache ? await gpu.adapter() : null
      if (!adapter || !cache) return { problem: 'NoGpuError', offers: [], recommended: null }
      const device: GpuDevice = {
        f16: adapter.f16,
        maxBindingBytes: adapter.maxBindingBytes,
        memoryBytes: memoryGib === undefined ? null : memoryGib * 1024 ** 3,
        freeDiskBytes: await freeDiskBytes(),
      }
      const held = new Set(await cache.completeIds().catch(() => []))
      const offers = WEBLLM_MODELS.map((model): ShelfOffer => {
        const { id, name, licence, tier, contextTokens, downloadBytes, memoryBytes, hosts } = model
        const downloaded = held.has(id)
        const fit = fitOf(device, model, downloaded)
        return { id, name, licence, tier, contextTokens, downloadBytes, memoryBytes, hosts, fit, downloaded }
      })
      return { problem: null, offers, recommended: recommend(device, WEBLLM_MODELS)?.id ?? null }
    },

    async download(modelId, onProgress: (progress: LoadProgress) => void, signal): Promise<void> {
      signal.throwIfAborted()
      // So that the browser does not drop a gigabyte that somebody waited for; it may say no.
      await storage?.persist().catch(() => false)
      const worker = spawn()
      const host = wrap<DownloadHost>(worker.endpoint)
      try {
        await new Promise<void>((resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true })
          worker.onFailure((reason) => reject(new Error(String(reason))))
          host.download(modelId, proxy(onProgress)).then(resolve, reject)
        })
      } catch (error) {
        throw signal.aborted ? signal.reason : reviveError(error)
      } finally {
        host[releaseProxy]()
        // Whole files are in place or not at all, so it may be ended in the middle of one.
        worker.terminate()
      }
    },

    async remove(modelId): Promise<void> {
      await cache?.remove(modelId)
    },
  }
}
