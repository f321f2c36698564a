import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as ort from 'onnxruntime-web/wasm'
import { afterAll, describe, expect, test } from 'vitest'
import { folderModels } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { logProbability } from '#adapters/engine/onnx/sampler.ts'
import { auditContract } from './engine-audit.contract.ts'

ort.env.wasm.numThreads = 1

const folder = fileURLToPath(new URL('../../public/models', import.meta.url))
const { members } = JSON.parse(readFileSync(`${folder}/catalogue.json`, 'utf8')) as {
  members: { id: string; file: string; contextTokens: number }[]
}
const QUESTION = [{ role: 'user' as const, content: 'What is the capital of France?' }]

describe.each(members)('onnxruntime audits $id', ({ id, file, contextTokens }) => {
  const engine = new OnnxEngine({ ort, ortVersion: ort.env.versions.common, source: folderModels(folder) })
  afterAll(() => engine.unload())
  for (const { title, run } of auditContract({ create: () => engine, modelId: id })) test(title, run)

  test('one pass and token by token differ by less than a quarter of the tolerance', async () => {
    const model = await OnnxModelInMemory.start(ort, new Uint8Array(readFileSync(`${folder}/${file}`)), contextTokens)
    const { tokens: prompt } = await model.fit(QUESTION, 256)
    const answer = Array.from({ length: 200 }, (_, index) => 20 + ((index * 37) % 700))
    const onePass = await model.score(prompt, answer)
    model.forget()
    const stepwise: number[] = []
    const first = (logits: Float32Array) => stepwise.push(logProbability(logits, answer[0] ?? 0))
    let cache = await model.read(prompt, [prompt.length - 1], first)
    for (const [index, token] of answer.slice(0, -1).entries()) {
      const output = await model.step(token, cache)
      cache = output.cache
      stepwise.push(logProbability(output.logits, answer[index + 1] ?? 0))
    }
    await model.stop()
    const most = Math.max(...onePass.map((value, index) => Math.abs(value - (stepwise[index] ?? NaN))))
    console.log(`${id}: largest difference ${most.toExponential(1)} over ${answer.length} tokens`)
    expect(most).toBeLessThan(2.5e-5)
  })
})
