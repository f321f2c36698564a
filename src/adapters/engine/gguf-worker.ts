import { DownloadHost } from './download-host.ts'
import { freeDiskBytes } from './download-in-worker.ts'
import { downloadedModels } from './downloaded-models.ts'
import { EngineHost } from './engine-host.ts'
import type { GgufModel } from './gguf-catalogue.ts'
import { downloadGgufById } from './gguf-download.ts'
import { GgufStore } from './gguf-store.ts'
import { WllamaEngine } from './wllama.ts'

/** One file for two workers, told apart by name: downloads go on while an engine computes, and its crash spares them. */
export type GgufWorkerName = 'engine' | 'downloads'

/** What a worker of this name exposes. Runs in that worker. */
export function ggufWorker(name: string, models: readonly GgufModel[]): EngineHost | DownloadHost {
  const store = new GgufStore(() => navigator.storage.getDirectory())
  if (name === 'downloads') {
    const download = downloadGgufById(models, {
      store,
      fetch: (...request) => fetch(...request),
      freeBytes: () => freeDiskBytes(navigator.storage),
    })
    return new DownloadHost(download, () => performance.now())
  }
  const { deviceMemory: memoryGib } = navigator as { deviceMemory?: number }
  return new EngineHost(new WllamaEngine(downloadedModels({ models, store, memoryGib })))
}
