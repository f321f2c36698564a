import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { expose } from 'comlink'
import * as ort from 'onnxruntime-web/wasm'
import * as v from 'valibot'
import { afterAll, describe, test } from 'vitest'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { folderModels } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import type { ModelSource } from '#adapters/engine/opened-model.ts'
import { WorkerEngine, type EngineWorker } from '#adapters/engine/worker-engine.ts'
import { Digest } from '#core/protocol/ids.ts'
import { ModelLoadError, type Engine } from '#ports/engine.ts'
import { GGUF_SHAPES } from '#support/gguf-shapes.ts'
import { randomModel } from '#support/random-model.ts'
import { randomModelFiles } from '#support/random-models.ts'
import { engineContract } from './engine.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'models-'))
for (const [name, content] of randomModelFiles()) writeFileSync(join(folder, name), content)
afterAll(() => rmSync(folder, { recursive: true }))

ort.env.wasm.numThreads = 1
const engineOn = (source: ModelSource) => () =>
  new WorkerEngine(() => hosted(new OnnxEngine({ ort, ortVersion: ort.env.versions.common, source })))

/** Larger models' shapes, which judge by grades. */
const shapes: ModelSource = {
  open(modelId, onProgress) {
    const shape = GGUF_SHAPES[modelId]
    if (!shape) return Promise.reject(new ModelLoadError(`There is no model "${modelId}".`))
    const file = Uint8Array.from(randomModel(shape))
    onProgress?.({ loadedBytes: file.length, totalBytes: file.length })
    return Promise.resolve({
      id: modelId,
      name: modelId,
      digest: v.parse(Digest, bytesToHex(sha256(file))),
      tier: 2,
      contextTokens: shape.contextTokens,
      judging: { instrument: 'rating' },
      file: new Blob([file]),
      layout: readGguf(file),
    })
  },
}

/** The real boundary of a worker, in one thread: it queues the calls. */
function hosted(engine: Engine): EngineWorker {
  const { port1, port2 } = new MessageChannel()
  expose(new EngineHost(engine), port1)
  return {
    endpoint: port2,
    onFailure: () => {},
    terminate: () => {
      port1.close()
      port2.close()
    },
  }
}

describe.each(['random', 'other-shape'])('onnxruntime in Node keeps the contract with "%s"', (modelId) => {
  const cases = engineContract({
    create: engineOn(folderModels(folder)),
    modelId,
    piecesInFlight: 1,
    damagedModelId: 'damaged',
    crash: null,
  })
  for (const { title, run } of cases) test(title, { timeout: 60_000 }, run)
})

describe.each(['grouped', 'biased'])('onnxruntime in Node keeps the contract with the "%s" shape', (modelId) => {
  const rest = { piecesInFlight: 1, damagedModelId: null, crash: null, hasTaste: false }
  for (const { title, run } of engineContract({ create: engineOn(shapes), modelId, ...rest })) {
    test(title, { timeout: 60_000 }, run)
  }
})
