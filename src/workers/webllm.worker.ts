import { expose } from 'comlink'
import { DownloadHost } from '#adapters/engine/download-host.ts'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { createGpu } from '#adapters/engine/gpu.ts'
import { ModelCache } from '#adapters/engine/model-cache.ts'
import { downloadById } from '#adapters/engine/model-download.ts'
import { WebLlmEngine } from '#adapters/engine/webllm.ts'
import { WEBLLM_MODELS } from '#adapters/engine/webllm-catalogue.ts'

/** One file for two workers, told apart by name: downloads go on while an engine computes, and its crash spares them. */
const cache = new ModelCache(caches)

if (self.name === 'downloads') {
  const download = downloadById(WEBLLM_MODELS, {
    cache,
    fetch: (...request) => fetch(...request),
    async freeBytes() {
      const { quota, usage } = await navigator.storage.estimate()
      return quota === undefined ? null : quota - (usage ?? 0)
    },
  })
  expose(new DownloadHost(download, () => performance.now()))
} else {
  const engine = new WebLlmEngine({
    models: WEBLLM_MODELS,
    cache,
    gpu: createGpu(navigator.gpu as GPU | undefined),
    importMlc: async () => (await import('#adapters/engine/webllm-library.ts')).mlc,
  })
  expose(new EngineHost(engine))
}
