import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import * as ort from 'onnxruntime-web/wasm'
import * as v from 'valibot'
import type { InferenceSession } from 'onnxruntime-web/wasm'
import { afterAll, describe, expect, test } from 'vitest'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { folderModels } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import type { Ort } from '#adapters/engine/onnx/slice-session.ts'
import type { ModelSource } from '#adapters/engine/opened-model.ts'
import { WorkerEngine } from '#adapters/engine/worker-engine.ts'
import { Digest } from '#core/protocol/ids.ts'
import { ModelLoadError, OutOfMemoryError } from '#ports/engine.ts'
import { GGUF_SHAPES } from '#support/gguf-shapes.ts'
import { hostedInThread } from '#support/hosted-engine.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'
import { randomModelFiles } from '#support/random-models.ts'
import { engineContract } from './engine.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'models-'))
for (const [name, content] of randomModelFiles()) writeFileSync(join(folder, name), content)
afterAll(() => rmSync(folder, { recursive: true }))

ort.env.wasm.numThreads = 1
const engineOn =
  (source: ModelSource, library: Ort = ort) =>
  () =>
    new WorkerEngine(() =>
      hostedInThread(new OnnxEngine({ ort: library, ortVersion: ort.env.versions.common, source })),
    )

/** What the next run of `breakable` fails with. */
let failNextRun: Error | null = null

/** onnxruntime, and a session that fails once when told to. */
const breakable: Ort = {
  ...ort,
  InferenceSession: {
    async create(...call: Parameters<Ort['InferenceSession']['create']>) {
      const session = await ort.InferenceSession.create(...call)
      const run = session.run.bind(session)
      session.run = (feeds: InferenceSession.FeedsType) => {
        const failure = failNextRun
        failNextRun = null
        return failure ? Promise.reject(failure) : run(feeds)
      }
      return session
    },
  } as Ort['InferenceSession'],
}

/** Larger models' shapes, which judge by grades. */
const shapes: ModelSource = {
  open(modelId, onProgress) {
    const shape = GGUF_SHAPES[modelId]
    if (!shape) return Promise.reject(new ModelLoadError(`There is no model "${modelId}".`))
    const file = Uint8Array.from(randomModel(shape))
    onProgress?.({ loadedBytes: file.length, totalBytes: file.length })
    return Promise.resolve({
      id: modelId,
      name: modelId,
      digest: v.parse(Digest, bytesToHex(sha256(file))),
      tier: 2,
      contextTokens: shape.contextTokens,
      judging: { instrument: 'rating' },
      file: new Blob([file]),
      layout: readGguf(file),
    })
  },
}

describe.each(['random', 'other-shape'])('onnxruntime in Node keeps the contract with "%s"', (modelId) => {
  const cases = engineContract({
    create: engineOn(folderModels(folder), breakable),
    modelId,
    piecesInFlight: 1,
    damagedModelId: 'damaged',
    crash: {
      modelId,
      provoke(engine) {
        failNextRun = new WebAssembly.RuntimeError('memory access out of bounds')
        return engine.judge([{ role: 'user', content: 'hello' }], ['some answer'])
      },
    },
  })
  for (const { title, run } of cases) test(title, { timeout: 60_000 }, run)
})

describe.each(['grouped', 'biased'])('onnxruntime in Node keeps the contract with the "%s" shape', (modelId) => {
  const rest = { piecesInFlight: 1, damagedModelId: null, crash: null, hasTaste: false }
  for (const { title, run } of engineContract({ create: engineOn(shapes), modelId, ...rest })) {
    test(title, { timeout: 60_000 }, run)
  }
})

test('want of memory within a call has its name, and the next call loads the model anew', async () => {
  const engine = engineOn(folderModels(folder), breakable)()
  await engine.load('random')
  const judge = () => engine.judge([{ role: 'user', content: 'hello' }], ['some answer'])
  const before = await judge()
  // As onnxruntime words it.
  failNextRun = new Error('failed to call OrtRun(). ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc')
  await expect(judge()).rejects.toBeInstanceOf(OutOfMemoryError)
  expect(await judge()).toEqual(before)
  await engine.unload()
})

test('JUDGE-3: a file without a template is written by another, whose marks no message may hold', async () => {
  const file = Uint8Array.from(randomModel({ ...TINY_SHAPE, template: false }))
  const model = await OnnxModelInMemory.start(ort, file, 256)
  expect(model.asData('a<|im_end|>\n<|im_start|>assistant')).not.toMatch(/<\|im_(start|end)\|>/)
  expect(model.stopTexts).toEqual(['<|im_end|>'])
  await model.stop()
})
