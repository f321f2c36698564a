import type { ChatMessage } from '#core/protocol/messages.ts'
import type { LoadProgress } from '#ports/engine.ts'
import { createGgufShelf } from '#adapters/engine/gguf-shelf.ts'
import { GgufStore } from '#adapters/engine/gguf-store.ts'
import type { GgufWorkerName } from '#adapters/engine/gguf-worker.ts'
import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { WllamaRuntime } from '#adapters/engine/wllama-runtime.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { testFile, testModels } from '#support/gguf-shapes.ts'
import { engineContract, type ContractCase } from '../contract/engine.contract.ts'

const host = new URLSearchParams(location.search).get('host') ?? ''

const worker = (part: GgufWorkerName) => {
  const name = `${part} ${host}`
  return engineWorker(new Worker(new URL('./gguf.test.worker.ts', import.meta.url), { type: 'module', name }))
}
const createEngine = () => new WorkerEngine(() => worker('engine'), 30_000)

const shelf = createGgufShelf({
  models: testModels(host),
  store: new GgufStore(() => navigator.storage.getDirectory()),
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

const QUESTION: readonly ChatMessage[] = [{ role: 'user', content: 'What is the capital of France?' }]

let running = new AbortController()
let began: Promise<string> = Promise.resolve('')
let cases: readonly ContractCase[] = []

/** What the test drives this page by. */
const page = {
  survey: () => shelf.survey(),
  remove: (modelId: string) => shelf.remove(modelId),
  download: async (modelId: string) => {
    const progress: LoadProgress[] = []
    const ended = await ending(shelf.download(modelId, (each) => progress.push(each), new AbortController().signal))
    return { ended, first: progress[0], last: progress.at(-1) }
  },

  /** Begins a download. Its end is that of `abort`, or of the page. */
  begin: (modelId: string) => {
    running = new AbortController()
    began = ending(shelf.download(modelId, () => {}, running.signal))
  },
  abort: () => {
    running.abort()
    return began
  },

  /** As somebody would who has access to the disk. */
  damage: async (modelId: string) => {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('models')
    const file = await (await folder.getFileHandle(`${modelId}.gguf`)).createWritable({ keepExistingData: true })
    await file.write({ type: 'write', position: 100_000, data: new Uint8Array([1, 2, 3]) })
    await file.close()
  },

  load: async (modelId: string) => {
    const engine = createEngine()
    const ended = await ending(engine.load(modelId))
    const description = engine.describe()
    await engine.unload()
    return { ended, description }
  },

  /** Exact qualities and a greedy text, to be compared. */
  fingerprint: async (modelId: string) => {
    const engine = createEngine()
    await engine.load(modelId)
    const qualities = (await engine.judge(QUESTION, ['Paris', 'London', '42'])).map(({ quality }) => quality)
    let text = ''
    for await (const token of engine.generate(QUESTION, { seed: 1, temperature: 0, maxTokens: 24 })) text += token.text
    await engine.unload()
    return { qualities, text }
  },

  /** A context that no memory holds. */
  exhaust: () => ending(WllamaRuntime.start(new Blob([new Uint8Array(testFile('grouped'))]), 1_000_000_000)),

  contract: (modelId: string) => {
    cases = engineContract({
      create: createEngine,
      modelId,
      piecesInFlight: 98,
      damagedModelId: null,
      hasTaste: false,
      crash: null,
    })
    return cases.map(({ title }) => title)
  },
  run: (title: string) => cases.find((candidate) => candidate.title === title)?.run(),
}

declare global {
  interface Window {
    ggufPage: typeof page
  }
}
window.ggufPage = page
