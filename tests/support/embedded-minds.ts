import { fileURLToPath } from 'node:url'
import { folderModels, readCatalogue } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { ortInNode } from '#adapters/engine/onnx/ort-in-node.ts'
import { SerialQueue } from '#adapters/engine/serial-queue.ts'
import type { EngineSpeed } from './fake-engine.ts'
import type { Mind } from './sim-mind.ts'

/**
 * A laptop's speed with an embedded model, in tokens a second, as measured on one idle core at 2 GHz or so. Not as this
 * machine measures it now: the same seed is to give the same run.
 */
const LAPTOP: EngineSpeed = { prefill: 1565, decode: 469, judge: 1565 }

/** How fast the nodes' devices are beside that one: laptops, a phone, an old phone. */
const DEVICES = [1, 1, 1 / 3, 1 / 10]

/** The embedded members, computing for real in this process, one thing after the other. */
export async function loadEmbeddedMinds(): Promise<(index: number) => Mind> {
  const folder = fileURLToPath(new URL('../../public/models', import.meta.url))
  const { members } = await readCatalogue(folder)
  const minds = await Promise.all(members.map(({ id, contextTokens }) => loadMind(folder, id, contextTokens)))
  return (index) => {
    const mind = minds[index % minds.length]
    if (!mind) throw new Error('no model is embedded')
    const share = DEVICES[Math.floor(index / minds.length) % DEVICES.length] ?? 1
    const { prefill, decode, judge = prefill } = LAPTOP
    const speed = { prefill: prefill * share, decode: decode * share, judge: judge * share }
    return { ...mind, engine: { ...mind.engine, speed, loadMs: 900 / share } }
  }
}

async function loadMind(folder: string, modelId: string, contextTokens: number): Promise<Mind> {
  const engine = new OnnxEngine({ ...ortInNode(), source: folderModels(folder) })
  await engine.load(modelId)
  const queue = new SerialQueue()
  return {
    engine: { modelId, contextTokens },
    answer: (messages, { signal: _goesOn, ...options }) =>
      queue.run(async () => {
        const tokens = engine.generate(messages, options)
        for (;;) {
          const next = await tokens.next()
          if (next.done) return next.value.text
        }
      }),
    quality: (messages, answer) => queue.run(async () => (await engine.judge(messages, [answer]))[0]?.quality ?? 0),
  }
}

const FACTS: readonly (readonly [question: string, right: string])[] = [
  ['What is the capital of Portugal?', 'Lisbon'],
  ['What is the capital of Japan?', 'Tokyo'],
  ['What is the capital of Egypt?', 'Cairo'],
  ['What is the capital of Norway?', 'Oslo'],
  ['What is the opposite of hot?', 'cold'],
  ['What is the opposite of early?', 'late'],
  ['Which is the largest: 57, 75, 8, 70?', 'is 75'],
  ['Which planet is closest to the sun?', 'Mercury'],
]

/** Every other question is a sum. */
function questionOf(index: number): readonly [question: string, right: string] {
  if (index % 2 === 0) return FACTS[(index / 2) % FACTS.length] ?? ['', '']
  const [a, b] = [100 + ((index * 37) % 900), 100 + ((index * 73) % 900)]
  return [`What is ${a} + ${b}?`, String(a + b)]
}

/** Questions that embedded members can answer, and whether an answer is right. */
export const EMBEDDED_QUESTIONS = {
  prompt: (index: number) => questionOf(index)[0],
  isRight(prompt: string, text: string): boolean {
    const sum = /^What is (\d+) \+ (\d+)\?$/.exec(prompt)
    const right = sum ? String(Number(sum[1]) + Number(sum[2])) : FACTS.find(([question]) => question === prompt)?.[1]
    return right !== undefined && text.includes(right)
  },
}
