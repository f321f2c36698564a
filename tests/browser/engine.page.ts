import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Engine } from '#ports/engine.ts'
import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { engineContract, type ContractCase, type EngineSubject } from '../contract/engine.contract.ts'

const randomWorker = () =>
  engineWorker(new Worker(new URL('./engine.random.worker.ts', import.meta.url), { type: 'module' }))
const embeddedWorker = () =>
  engineWorker(new Worker(new URL('../../src/workers/inference.worker.ts', import.meta.url), { type: 'module' }))

const onnxWorker = (models: 'random' | 'embedded') => () => {
  // Two literals: the bundler must see the address.
  const worker =
    models === 'random'
      ? new Worker(new URL('./engine.onnx-random.worker.ts', import.meta.url), { type: 'module' })
      : new Worker(new URL('./engine.onnx.worker.ts', import.meta.url), { type: 'module' })
  return engineWorker(worker)
}

/** Half of what the test lets the model say: an abort that did nothing would show. */
const PIECES_IN_FLIGHT = 98

const SUBJECTS: Readonly<Record<string, (modelId: string) => EngineSubject>> = {
  random: (modelId) => ({
    create: () => new WorkerEngine(randomWorker),
    modelId,
    piecesInFlight: PIECES_IN_FLIGHT,
    damagedModelId: 'damaged',
    crash: {
      modelId: 'raw-bytes',
      // Its likeliest token is a byte that is no character, which llama.cpp cannot report.
      provoke: (engine) => engine.judge([{ role: 'user', content: 'hello' }], ['some answer']),
    },
  }),
  embedded: (modelId) => ({
    create: () => new WorkerEngine(embeddedWorker),
    modelId,
    piecesInFlight: PIECES_IN_FLIGHT,
    damagedModelId: null,
    crash: null,
  }),
  'onnx-random': (modelId) => ({
    create: () => new WorkerEngine(onnxWorker('random')),
    modelId,
    piecesInFlight: PIECES_IN_FLIGHT,
    damagedModelId: 'damaged',
    crash: null,
  }),
  onnx: (modelId) => ({
    create: () => new WorkerEngine(onnxWorker('embedded')),
    modelId,
    piecesInFlight: PIECES_IN_FLIGHT,
    damagedModelId: null,
    crash: null,
  }),
}

const subject = (name: string, modelId: string): EngineSubject => {
  const found = SUBJECTS[name]
  if (!found) throw new Error(`no subject "${name}"`)
  return found(modelId)
}

let cases: readonly ContractCase[] = []

/** What the test drives this page by. */
const page = {
  /** Prepares the contract, and tells the titles of its cases. */
  contract: (name: string, modelId: string): string[] => {
    cases = engineContract(subject(name, modelId))
    return cases.map(({ title }) => title)
  },

  run: async (title: string): Promise<void> => {
    const found = cases.find((candidate) => candidate.title === title)
    if (!found) throw new Error(`no case "${title}"`)
    await found.run()
  },

  /** Exact qualities and a greedy text, to be compared between tabs. */
  fingerprint: async (name: string, modelId: string, question: string, answers: readonly string[]) => {
    const engine = await loaded(name, modelId)
    const messages: ChatMessage[] = [{ role: 'user', content: question }]
    const judgements = await engine.judge(messages, answers)
    const text = await say(engine, messages, 24)
    await engine.unload()
    return { qualities: judgements.map(({ quality }) => quality), text }
  },

  measure: async (name: string, modelId: string, answer: string) => {
    const engine = subject(name, modelId).create()
    const messages: ChatMessage[] = [{ role: 'user', content: 'What is the capital of France?' }]
    const loadMs = await duration(() => engine.load(modelId))
    const judgeMs = await duration(() => engine.judge(messages, [answer]))
    const generateMs = await duration(() => say(engine, messages, 24))
    const description = engine.describe()
    await engine.unload()
    return { loadMs, judgeMs, generateMs, description }
  },
}

async function loaded(name: string, modelId: string): Promise<Engine> {
  const engine = subject(name, modelId).create()
  await engine.load(modelId)
  return engine
}

async function say(engine: Engine, messages: readonly ChatMessage[], maxTokens: number): Promise<string> {
  let text = ''
  for await (const token of engine.generate(messages, { seed: 1, temperature: 0, maxTokens })) text += token.text
  return text
}

async function duration(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return Math.round(performance.now() - start)
}

declare global {
  interface Window {
    enginePage: typeof page
  }
}
window.enginePage = page
