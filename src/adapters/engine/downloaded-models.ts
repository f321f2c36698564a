import { ModelDamagedError, ModelLoadError } from '#ports/engine.ts'
import { checkPieces } from './file-digest.ts'
import type { GgufModel } from './gguf-catalogue.ts'
import { readGguf, type GgufLayout } from './gguf-layout.ts'
import type { GgufStore } from './gguf-store.ts'
import { contextThatFits } from './memory-needs.ts'
import type { ModelSource } from './opened-model.ts'

/** Heads of the files in the catalogue have 1 to 16 MB; a vocabulary of 260,000 words and its merges stand in them. */
const HEAD_BYTES = [2, 8, 32, 128].map((megabytes) => megabytes * 1024 * 1024)

export interface DownloadedModelsInit {
  readonly models: readonly GgufModel[]
  readonly store: GgufStore
  /** `navigator.deviceMemory`, where there is one. */
  readonly memoryGib: number | undefined
}

/** GGUF files that `downloadGguf` has brought. Asks no host for anything. */
export function downloadedModels({ models, store, memoryGib }: DownloadedModelsInit): ModelSource {
  return {
    async open(modelId, onProgress, signal) {
      signal?.throwIfAborted()
      const model = models.find(({ id }) => id === modelId)
      if (!model) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
      const { kept, file } = await store.require(modelId)
      const { totalBytes, checked } = kept
      if (file.size !== totalBytes || (model.sha256 !== null && model.sha256 !== checked.sha256)) {
        throw new ModelDamagedError(`The file of the model "${modelId}" is not the one in the catalogue.`)
      }
      const report = (loadedBytes: number) => onProgress?.({ loadedBytes, totalBytes })
      await checkPieces(modelId, file, checked.pieces, report, signal)
      const layout = await readHead(file)
      return {
        id: model.id,
        name: model.name,
        digest: checked.sha256,
        tier: model.tier,
        contextTokens: contextThatFits(layout, file.size, model.contextTokens, memoryGib),
        judging: { instrument: 'rating' },
        file,
        layout,
      }
    },
  }
}

/** Reads no more of the file than its head. Throws `ModelLoadError` where there is none. */
async function readHead(file: Blob): Promise<GgufLayout> {
  for (const bytes of HEAD_BYTES) {
    try {
      return readGguf(new Uint8Array(await file.slice(0, bytes).arrayBuffer()))
    } catch (error) {
      if (bytes >= file.size || bytes === HEAD_BYTES.at(-1)) throw error
    }
  }
  throw new ModelDamagedError('The head of the file is longer than any known one.')
}
