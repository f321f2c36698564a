import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { Worker } from 'node:worker_threads'
import * as ort from 'onnxruntime-web/wasm'
import { beforeAll, describe, expect, test } from 'vitest'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { likeliest, logProbability } from '#adapters/engine/onnx/sampler.ts'
import type { HiddenFormat, SliceReply, SliceRequest, SliceTask } from '#support/slice-worker.ts'

ort.env.wasm.numThreads = 1

const folder = fileURLToPath(new URL('../../public/models', import.meta.url))
const { members } = JSON.parse(readFileSync(`${folder}/catalogue.json`, 'utf8')) as { members: { file: string }[] }
const file = new Uint8Array(readFileSync(`${folder}/${members[0]?.file ?? ''}`))
const QUESTION = [{ role: 'user' as const, content: 'What is the capital of France, and what is the closest star?' }]
const CONTEXT_TOKENS = 256
const STEPS = 24
const LAYERS = 4
const CUT = 2

/** Allowed differences of a log-probability. */
const TOLERANCE: Readonly<Record<HiddenFormat, number>> = { f32: 0, f16: 0.02, q8_0: 0.3 }

interface Reading {
  readonly tokens: readonly number[]
  /** Of the prompt's last position, and of each step's. */
  readonly logits: readonly Float32Array[]
}

let whole: Reading & { readonly prompt: readonly number[] }
beforeAll(async () => {
  const model = await OnnxModelInMemory.start(ort, file, CONTEXT_TOKENS)
  const { tokens: prompt } = await model.fit(QUESTION, STEPS)
  const logits: Float32Array[] = []
  let cache = await model.read(prompt, [prompt.length - 1], (row) => logits.push(row.slice()))
  const tokens: number[] = []
  while (tokens.length < STEPS) {
    const token = likeliest(logits.at(-1) ?? new Float32Array(0))
    tokens.push(token)
    const output = await model.step(token, cache)
    cache = output.cache
    logits.push(output.logits.slice())
  }
  await model.stop()
  whole = { prompt, tokens, logits }
}, 60_000)

async function startWorker(task: SliceTask): Promise<Worker> {
  // Threads do not take over how the main one reads TypeScript.
  const url = JSON.stringify(new URL('../support/slice-worker.ts', import.meta.url))
  const code = `import('tsx/esm/api').then(({ tsImport }) => tsImport(${url}, ${url}))`
  const worker = new Worker(code, { eval: true, workerData: task })
  await once(worker, 'message')
  return worker
}

async function request(worker: Worker, message: SliceRequest): Promise<SliceReply> {
  const reply = once(worker, 'message') as Promise<[SliceReply]>
  worker.postMessage(message)
  return (await reply)[0]
}

describe('a model whose halves live in two threads', () => {
  test.each(['f32', 'f16', 'q8_0'] as const)('reads and continues as a whole one, through %s', async (format) => {
    const parts = [
      { from: 0, to: CUT },
      { from: CUT, to: LAYERS },
    ]
    const workers = await Promise.all(
      parts.map((slice) => startWorker({ file, slice, contextTokens: CONTEXT_TOKENS, format })),
    )
    const [first, last] = workers
    if (!first || !last) throw new Error('no workers')
    let bytes = 0
    let positions = 0
    const through = async (tokens: readonly number[]): Promise<Float32Array> => {
      const half = await request(first, { restart: false, tokens })
      if (!('hidden' in half)) throw new Error('the first half gave logits')
      bytes += half.hidden.length
      positions += tokens.length
      const end = await request(last, { restart: false, hidden: half.hidden })
      if (!('logits' in end)) throw new Error('the last half gave no logits')
      return end.logits
    }
    const logits: Float32Array[] = []
    try {
      // In the same chunks as the whole model reads.
      for (let from = 0; from < whole.prompt.length; from += 32) {
        const row = await through(whole.prompt.slice(from, from + 32))
        if (from + 32 >= whole.prompt.length) logits.push(row)
      }
      for (const token of whole.tokens) logits.push(await through([token]))
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
    const differences = logits.flatMap((row, step) => {
      const exact = whole.logits[step] ?? new Float32Array(0)
      const likely = Array.from(exact.keys()).filter((token) => logProbability(exact, token) > -10)
      return likely.map((token) => Math.abs(logProbability(row, token) - logProbability(exact, token)))
    })
    const most = Math.max(...differences)
    const same = logits.filter((row, step) => likeliest(row) === likeliest(whole.logits[step] ?? row)).length
    console.log(
      `${format}: ${bytes / positions} bytes a token, largest difference of a log-probability ${most.toExponential(1)}, ` +
        `${same} of ${logits.length} greedy tokens the same`,
    )
    expect(logits).toHaveLength(STEPS + 1)
    if (format === 'f32') expect(logits).toEqual(whole.logits)
    expect(most).toBeLessThanOrEqual(TOLERANCE[format])
    expect(same / logits.length).toBeGreaterThanOrEqual(format === 'q8_0' ? 0.9 : 1)
  })
})
