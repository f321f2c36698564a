import { describe, it } from 'vitest'
import { ModelCache } from '#adapters/engine/model-cache.ts'
import { downloadModel } from '#adapters/engine/model-download.ts'
import { WebLlmEngine } from '#adapters/engine/webllm.ts'
import { WorkerEngine, type EngineWorker } from '#adapters/engine/worker-engine.ts'
import { FakeCaches } from '#support/fake-caches.ts'
import { CRASH } from '#support/fake-engine.ts'
import { FakeGpu, FakeMlc } from '#support/fake-mlc.ts'
import { FakeModelHost, fakeModel } from '#support/fake-model-host.ts'
import { hostedInThread } from '#support/hosted-engine.ts'
import { engineContract } from './engine.contract.ts'

const models = [fakeModel('plain'), fakeModel('thinking', { thinks: true }), fakeModel('damaged')]
const caches = new FakeCaches()
const cache = new ModelCache(caches)
const host = new FakeModelHost(models)
const init = { cache, fetch: host.fetch, freeBytes: () => Promise.resolve(null) }
for (const model of models) await downloadModel(model, init, () => {}, new AbortController().signal)
caches.files.get('webllm/wasm')?.set(models[2]?.libraryUrl ?? '', new Uint8Array([1, 2, 3]))

/** A worker as the browser's, but in one thread: with a graphics device and an instance of web-llm of its own. */
function fakeWorker(): EngineWorker {
  const gpu = new FakeGpu()
  const mlc = new FakeMlc({ models, caches, gpu })
  return hostedInThread(new WebLlmEngine({ models, cache, gpu, importMlc: () => Promise.resolve(mlc) }))
}

describe.each(['plain', 'thinking'])('web-llm engine on a fake of web-llm, %s model', (modelId) => {
  for (const { title, run } of engineContract({
    create: () => new WorkerEngine(fakeWorker),
    modelId,
    piecesInFlight: 2,
    damagedModelId: 'damaged',
    crash: { modelId, provoke: (engine) => engine.judge([{ role: 'user', content: 'hello' }], [CRASH]) },
  })) {
    it(title, run)
  }
})
