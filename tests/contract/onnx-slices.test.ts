import * as ort from 'onnxruntime-web/wasm'
import { beforeAll, describe, expect, test } from 'vitest'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'

ort.env.wasm.numThreads = 1

const SHAPE = { ...TINY_SHAPE, layers: 4 }
const QUESTION = [{ role: 'user' as const, content: 'What is the capital of France, and why is it not another city?' }]
const ANSWER = 'Paris is the capital of France.'

/** Log-probabilities of an answer, and of what follows it token by token. */
async function numbersOf(cuts: readonly number[]): Promise<{ scores: number[]; logits: number[] }> {
  const model = await OnnxModelInMemory.start(ort, Uint8Array.from(randomModel(SHAPE)), 256, { cuts })
  const { tokens } = await model.fit(QUESTION, 64)
  const answer = model.tokenizer.encodeText(ANSWER)
  const scores = await model.score(tokens, answer)
  const logits: number[] = []
  let cache = await model.read(tokens, [], () => {})
  for (const token of answer) {
    const output = await model.step(token, cache)
    cache = output.cache
    logits.push(...output.logits)
  }
  await model.stop()
  return { scores, logits }
}

describe('a model in slices', () => {
  let whole: Awaited<ReturnType<typeof numbersOf>>
  beforeAll(async () => {
    whole = await numbersOf([])
  }, 60_000)

  test.each([[[2]], [[1]], [[1, 3]]])('cut at %j computes bitwise the same', { timeout: 60_000 }, async (cuts) => {
    const sliced = await numbersOf(cuts)
    expect(sliced.scores).toEqual(whole.scores)
    expect(sliced.logits).toEqual(whole.logits)
  })

  test('one pass and token by token agree within 1e-4', { timeout: 60_000 }, async () => {
    const model = await OnnxModelInMemory.start(ort, Uint8Array.from(randomModel(SHAPE)), 256)
    const { tokens } = await model.fit(QUESTION, 64)
    const answer = model.tokenizer.encodeText(ANSWER)
    const onePass: Float32Array[] = []
    const wanted = [tokens.length - 1, ...answer.map((_, index) => tokens.length + index)]
    await model.read([...tokens, ...answer], wanted, (logits) => onePass.push(logits.slice()))
    model.forget()
    const stepwise: Float32Array[] = []
    let cache = await model.read(tokens, [tokens.length - 1], (logits) => stepwise.push(logits.slice()))
    for (const token of answer) {
      const output = await model.step(token, cache)
      cache = output.cache
      stepwise.push(output.logits.slice())
    }
    await model.stop()
    const difference = onePass.flatMap((row, i) =>
      Array.from(row, (value, j) => Math.abs(value - (stepwise[i]?.[j] ?? NaN))),
    )
    expect(Math.max(...difference)).toBeLessThan(1e-4)
  })
})
