import { findMember } from '../catalogue.ts'
import { fetchModelFile } from '../model-file.ts'
import type { ModelSource } from './onnx-engine.ts'

/** The models of this site's own catalogue. `modelsUrl`: its folder, with the last slash. */
export function siteModels(modelsUrl: string): ModelSource {
  return {
    async fetch(modelId, onProgress, signal) {
      const member = await findMember(modelsUrl, modelId, signal)
      return { member, file: await fetchModelFile(modelsUrl, member, onProgress, signal) }
    },
  }
}
