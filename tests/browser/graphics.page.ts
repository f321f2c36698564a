import { engineWorker } from '#adapters/engine/inference-worker.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import type { EngineDescription } from '#ports/engine.ts'

const WORKERS = {
  graphics: () => new Worker(new URL('./graphics.worker.ts', import.meta.url), { type: 'module' }),
  wasm: () => new Worker(new URL('./engine.onnx-random.worker.ts', import.meta.url), { type: 'module' }),
}
const MESSAGES = [{ role: 'user' as const, content: 'What is the capital of Portugal, and which sea is it at?' }]
const ANSWER = 'Lisbon is the capital of Portugal, and lies at the Atlantic Ocean.'

interface Work {
  readonly description: EngineDescription | null
  readonly text: string
  readonly quality: number | null | undefined
}

const page = {
  /** Loads a model, and has it write and judge. */
  async work(backend: keyof typeof WORKERS): Promise<Work> {
    const engine = new WorkerEngine(() => engineWorker(WORKERS[backend]()))
    await engine.load('random')
    let text = ''
    for await (const token of engine.generate(MESSAGES, { seed: 1, temperature: 0, maxTokens: 6 })) text += token.text
    const [judgement] = await engine.judge(MESSAGES, [ANSWER])
    const description = engine.describe()
    await engine.unload()
    return { description, text, quality: judgement?.quality }
  },
}
window.graphicsPage = page

declare global {
  interface Window {
    graphicsPage: typeof page
  }
}
