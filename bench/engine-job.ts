import type { ChatMessage } from '#core/protocol/messages.ts'
import { readerOf } from '#adapters/engine/onnx/onnx-reader.ts'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import type { Ort } from '#adapters/engine/onnx/slice-session.ts'

/** What one engine is made to do with one file. */
export interface EngineJob {
  readonly contextTokens: number
  /** One for each run; they differ from the first token on, so that nothing is known of the next. */
  readonly prompts: readonly string[]
  readonly decodeTokens: number
  /** Scored after each prompt. */
  readonly answer: string
}

/** Of each run. */
export interface EngineFigures {
  readonly loadS: number
  readonly prefillPerS: readonly number[]
  readonly decodePerS: readonly number[]
  readonly scoreS: readonly number[]
}

export const asked = (content: string): readonly ChatMessage[] => [{ role: 'user', content }]

export async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return (performance.now() - start) / 1000
}

/** The same in Node and in a tab. `settled` is asked once, with the model loaded and warm. */
export async function measureOnnx(
  ort: Ort,
  file: Uint8Array<ArrayBuffer>,
  { contextTokens, prompts, decodeTokens, answer }: EngineJob,
  settled: () => Promise<unknown> = () => Promise.resolve(),
): Promise<EngineFigures> {
  let started: OnnxModelInMemory | null = null
  const loadS = await secondsOf(async () => {
    started = await OnnxModelInMemory.start(ort, file, contextTokens)
  })
  if (!started) throw new Error('the model did not load')
  const model: OnnxModelInMemory = started
  const prefillPerS: number[] = []
  const decodePerS: number[] = []
  const scoreS: number[] = []
  for (const prompt of prompts) {
    const tokens = model.fitting(asked(prompt), decodeTokens)
    if (!tokens) throw new Error('the prompt is too long')
    let cache = await model.read([], [], () => {})
    const prefillS = await secondsOf(async () => {
      cache = await model.read(tokens, [tokens.length - 1], () => {})
    })
    const decodeS = await secondsOf(async () => {
      for (let i = 0; i < decodeTokens; i++) cache = (await model.step(tokens[i] ?? 0, cache)).cache
    })
    prefillPerS.push(tokens.length / prefillS)
    decodePerS.push(decodeTokens / decodeS)
    model.forget()
    scoreS.push(await secondsOf(() => readerOf(model).logProbabilities(asked(prompt), answer, undefined)))
    model.forget()
  }
  await settled()
  await model.stop()
  return { loadS, prefillPerS, decodePerS, scoreS }
}
