import { createGpu } from '#adapters/engine/gpu.ts'
import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { createWebLlmShelf } from '#adapters/engine/webllm-shelf.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { engineContract, type ContractCase } from '../contract/engine.contract.ts'

const worker = (name: 'engine' | 'downloads') =>
  engineWorker(new Worker(new URL('../../src/workers/webllm.worker.ts', import.meta.url), { type: 'module', name }))

const shelf = createWebLlmShelf({
  gpu: createGpu(navigator.gpu as GPU | undefined),
  caches,
  storage: navigator.storage,
  memoryGib: undefined,
  spawn: () => worker('downloads'),
})

/** How a call ended: `done`, or the error's name. */
const ending = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (error: Error) => error.name,
  )

let cases: readonly ContractCase[] = []

/** What the test drives this page by. */
const page = {
  survey: () => shelf.survey(),
  download: (modelId: string) => ending(shelf.download(modelId, () => {}, new AbortController().signal)),
  remove: (modelId: string) => shelf.remove(modelId),
  load: async (modelId: string) => {
    const engine = new WorkerEngine(() => worker('engine'), 30_000)
    const ended = await ending(engine.load(modelId))
    const description = engine.describe()
    await engine.unload()
    return { ended, description }
  },
  contract: (modelId: string) => {
    const create = () => new WorkerEngine(() => worker('engine'), 30_000)
    cases = engineContract({ create, modelId, piecesInFlight: 98, damagedModelId: null, crash: null })
    return cases.map(({ title }) => title)
  },
  run: (title: string) => cases.find((candidate) => candidate.title === title)?.run(),
}

declare global {
  interface Window {
    webLlmPage: typeof page
  }
}
window.webLlmPage = page
