import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as ort from 'onnxruntime-web/wasm'
import { afterAll, describe, test } from 'vitest'
import { folderModels } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { WorkerEngine, type EngineWorker } from '#adapters/engine/worker-engine.ts'
import type { Engine } from '#ports/engine.ts'
import { expose } from 'comlink'
import { randomModelFiles } from '#support/random-models.ts'
import { engineContract } from './engine.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'models-'))
for (const [name, content] of randomModelFiles()) writeFileSync(join(folder, name), content)
afterAll(() => rmSync(folder, { recursive: true }))

ort.env.wasm.numThreads = 1
const create = () => new OnnxEngine({ ort, ortVersion: ort.env.versions.common, source: folderModels(folder) })

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
    create: () => new WorkerEngine(() => hosted(create())),
    modelId,
    piecesInFlight: 1,
    damagedModelId: 'damaged',
    crash: null,
  })
  for (const { title, run } of cases) test(title, { timeout: 60_000 }, run)
})
