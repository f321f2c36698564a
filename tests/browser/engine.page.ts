import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Engine } from '#ports/engine.ts'
import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { engineContract, type ContractCase, type EngineSubject } from '../contract/engine.contract.ts'

// One literal each: the bundler must see the address.
const WORKERS = {
  embedded: () => new Worker(new URL('../../src/workers/inference.worker.ts', import.meta.url), { type: 'module' }),
  random: () => new Worker(new URL('./engine.onnx-random.worker.ts', import.meta.url), { type: 'module' }),
  wllama: () => new Worker(new URL('./engine.wllama.worker.ts', import.meta.url), { type: 'module' }),
  'wllama-random': () => new Worker(new URL('./engine.wllama-random.worker.ts', import.meta.url), { type: 'module' }),
} as const satisfies Record<string, () => Worker>

const engineOf = (name: keyof typeof WORKERS) => () => new WorkerEngine(() => engineWorker(WORKERS[name]()))

/** Half of what the test lets the model say: an abort that did nothing would show. */
const PIECES_IN_FLIGHT = 98

const SUBJECTS: Readonly<Record<keyof typeof WORKERS, Omit<EngineSubject, 'create' | 'modelId'>>> = {
  embedded: { piecesInFlight: PIECES_IN_FLIGHT, damagedModelId: null, crash: null },
  random: { piecesInFlight: PIECES_IN_FLIGHT, damagedModelId: 'damaged', crash: null },
  wllama: { piecesInFlight: PIECES_IN_FLIGHT, damagedModelId: null, crash: null },
  'wllama-random': {
    piecesInFlight: PIECES_IN_FLIGHT,
    damagedModelId: 'damaged',
    crash: {
      modelId: 'raw-bytes',
      // Its likeliest token is a byte that is no character, which llama.cpp cannot report.
      provoke: (engine) => engine.judge([{ role: 'user', content: 'hello' }], ['some answer']),
    },
  },
}

/** Which engine, on which models. */
export type SubjectName = keyof typeof WORKERS

const subject = (name: SubjectName, modelId: string): EngineSubject => ({
  ...SUBJECTS[name],
  create: engineOf(name),
  modelId,
})

let cases: readonly ContractCase[] = []

/** What the test drives this page by. */
const page = {
  /** Prepares the contract, and tells the titles of its cases. */
  contract: (name: SubjectName, modelId: string): string[] => {
    cases = engineContract(subject(name, modelId))
    return cases.map(({ title }) => title)
  },

  run: async (title: string): Promise<void> => {
    const found = cases.find((candidate) => candidate.title === title)
    if (!found) throw new Error(`no case "${title}"`)
    await found.run()
  },

  /** Exact qualities and a greedy text for each question, to be compared. */
  fingerprint: async (name: SubjectName, modelId: string, questions: readonly string[], answers: readonly string[]) => {
    const engine = await loaded(name, modelId)
    const prints = []
    for (const content of questions) {
      const messages: ChatMessage[] = [{ role: 'user', content }]
      const judgements = await engine.judge(messages, answers)
      prints.push({ qualities: judgements.map(({ quality }) => quality), text: await say(engine, messages, 24) })
    }
    await engine.unload()
    return prints
  },

  /** How loading ends: `done`, or the error's name and sentence. */
  load: async (name: SubjectName, modelId: string) => {
    const engine = subject(name, modelId).create()
    try {
      await engine.load(modelId)
      await engine.unload()
      return 'done'
    } catch (error) {
      const { name, message } = error as Error
      return `${name}: ${message}`
    }
  },

  measure: async (name: SubjectName, modelId: string, answer: string) => {
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

async function loaded(name: SubjectName, modelId: string): Promise<Engine> {
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
