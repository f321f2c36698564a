import { findMember } from './catalogue.ts'
import { readGguf } from './gguf-layout.ts'
import { fetchModelFile } from './model-file.ts'
import type { ModelSource } from './opened-model.ts'

/** The models of this site's own catalogue. `modelsUrl`: the folder of `catalogue.json`, with its last slash. */
export function siteModels(modelsUrl: string): ModelSource {
  return {
    async open(modelId, onProgress, signal) {
      const member = await findMember(modelsUrl, modelId, signal)
      const file = await fetchModelFile(modelsUrl, member, onProgress, signal)
      return {
        id: member.id,
        name: member.id,
        digest: member.sha256,
        tier: member.tier,
        contextTokens: member.contextTokens,
        judging: member.judging,
        file: new Blob([file]),
        layout: readGguf(file),
      }
    },
  }
}
