import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as v from 'valibot'
import { ModelLoadError } from '#ports/engine.ts'
import { Catalogue } from '../catalogue.ts'
import type { ModelSource } from './onnx-engine.ts'

/** The models of a folder with a `catalogue.json`, for Node. */
export function folderModels(folder: string): ModelSource {
  return {
    async fetch(modelId, onProgress, signal) {
      signal?.throwIfAborted()
      const { members } = await readCatalogue(folder)
      const member = members.find((candidate) => candidate.id === modelId)
      if (!member) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
      const file = new Uint8Array(await readModel(join(folder, member.file)))
      signal?.throwIfAborted()
      if (bytesToHex(sha256(file)) !== member.sha256) {
        throw new ModelLoadError(
          `The file of the model "${modelId}" is damaged: its digest is not the one in the catalogue.`,
        )
      }
      onProgress?.({ loadedBytes: file.length, totalBytes: member.sizeBytes })
      return { member, file }
    },
  }
}

async function readCatalogue(folder: string): Promise<Catalogue> {
  const parsed = v.safeParse(Catalogue, JSON.parse((await readModel(join(folder, 'catalogue.json'))).toString()))
  if (!parsed.success) throw new ModelLoadError(`The catalogue of models is damaged: ${v.summarize(parsed.issues)}`)
  return parsed.output
}

async function readModel(path: string): Promise<Buffer> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new ModelLoadError(`${path} cannot be read.`, { cause: error })
  }
}
