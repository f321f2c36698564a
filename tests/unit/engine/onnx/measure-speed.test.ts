import { expect, test } from 'vitest'
import { measureSpeed } from '#adapters/engine/onnx/measure-speed.ts'
import type { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'

/** A model whose reads take these times, one after the other, the last one from then on; a step takes 5 ms. */
function modelOf(readMs: readonly number[]) {
  let nowMs = 0
  const prompts: (readonly number[])[] = []
  let forgotten = false
  const model = {
    chunkTokens: 32,
    contextTokens: 1024,
    tokenizer: { size: 500 },
    read(tokens: readonly number[]) {
      nowMs += readMs[Math.min(prompts.length, readMs.length - 1)] ?? 0
      prompts.push(tokens)
      return Promise.resolve({})
    },
    step() {
      nowMs += 5
      return Promise.resolve({ cache: {} })
    },
    forget: () => (forgotten = true),
  }
  return {
    measure: () => measureSpeed(model as unknown as OnnxModelInMemory, () => nowMs),
    prompts,
    isForgotten: () => forgotten,
  }
}

test('the first runs and one that other work delayed make no difference', async () => {
  const { measure, prompts, isForgotten } = modelOf([40, 30, 10, 10, 45, 10])
  expect(await measure()).toEqual({
    prefillTokensPerSecond: 3200,
    decodeTokensPerSecond: 200,
    // An answer is read in one pass, like a prompt.
    judgeTokensPerSecond: 3200,
  })
  expect(new Set(prompts.map(([first]) => first)).size).toBe(prompts.length)
  expect(isForgotten()).toBe(true)
})

test('a slow device runs it as seldom as makes a median, and a quick one more often', async () => {
  const slow = modelOf([4000])
  expect(await slow.measure()).toMatchObject({ prefillTokensPerSecond: 8 })
  expect(slow.prompts).toHaveLength(4)
  const quick = modelOf([0])
  expect(await quick.measure()).toMatchObject({ prefillTokensPerSecond: 32_000, decodeTokensPerSecond: 200 })
  expect(quick.prompts).toHaveLength(6)
})
