import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import { ModelDamagedError, ModelLoadError, ModelMissingError } from '#ports/engine.ts'
import { Catalogue } from '../catalogue.ts'
import { readGguf } from '../gguf-layout.ts'
import type { ModelSource } from '../opened-model.ts'

/** The models of a folder with a `catalogue.json`, for Node. */
export function folderModels(folder: string): ModelSource {
  return {
    async open(modelId, onProgress, signal) {
      signal?.throwIfAborted()
      const { members } = await readCatalogue(folder)
      const member = members.find((candidate) => candidate.id === modelId)
      if (!member) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
      const file = new Uint8Array(await readModel(join(folder, member.file)))
      signal?.throwIfAborted()
      if (bytesToHex(sha256(file)) !== member.sha256) {
        throw new ModelDamagedError(`The digest of the model "${modelId}" is not the one in the catalogue.`)
      }
      onProgress?.({ loadedBytes: file.length, totalBytes: member.sizeBytes })
      const { id, sha256: digest, tier, contextTokens, judging } = member
      return { id, name: id, digest, tier, contextTokens, judging, file: new Blob([file]), layout: readGguf(file) }
    },
  }
}

export async function readCatalogue(folder: string): Promise<Catalogue> {
  const parsed = v.safeParse(Catalogue, JSON.parse((await readModel(join(folder, 'catalogue.json'))).toString()))
  if (!parsed.success) throw new ModelLoadError(`The catalogue of models is damaged: ${v.summarize(parsed.issues)}`)
  return parsed.output
}

async function readModel(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new ModelMissingError(`${path} cannot be read.`, { cause: error })
  }
}
