import * as ort from 'onnxruntime-web/wasm'
import { expect, test } from 'vitest'
import { startModel, type GraphicsBackend, type ReferenceStore } from '#adapters/engine/onnx/backends.ts'
import type { Ort } from '#adapters/engine/onnx/slice-session.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'

ort.env.wasm.numThreads = 1

const WEIGHTS = { file: Uint8Array.from(randomModel(TINY_SHAPE)), digest: 'a-digest', contextTokens: 256 }
const TOKENS = Array.from({ length: 70 }, (_, index) => index + 20)

/** WASM in the place of a graphics device; `times` what its logits are multiplied by. */
function deviceThat(times: number): GraphicsBackend {
  const create = async (graph: Uint8Array, options: object) => {
    const session = await ort.InferenceSession.create(graph, { ...options, executionProviders: ['wasm'] })
    return {
      release: () => session.release(),
      run: async (feeds: Parameters<typeof session.run>[0]) => {
        const results = await session.run(feeds)
        const { logits } = results
        if (logits) (logits.data as Float32Array).forEach((value, index, all) => (all[index] = value * times))
        return results
      },
    }
  }
  return { ort: { Tensor: ort.Tensor, InferenceSession: { create } } as unknown as Ort, label: 'fake' }
}

function memoryReferences(): ReferenceStore & { kept: Map<string, Float32Array<ArrayBuffer>>; reads: number } {
  const kept = new Map<string, Float32Array<ArrayBuffer>>()
  const store = {
    kept,
    reads: 0,
    read: (name: string) => {
      store.reads++
      return Promise.resolve(kept.get(name) ?? null)
    },
    keep: (name: string, logits: Float32Array<ArrayBuffer>) => {
      kept.set(name, logits)
      return Promise.resolve()
    },
  }
  return store
}

const init = { ort, ortVersion: '1.0.0' }

test('a device that computes what WASM computes is used, and the reference is computed once', async () => {
  const references = memoryReferences()
  const graphics = () => Promise.resolve(deviceThat(1))
  for (let load = 1; load <= 2; load++) {
    const { model, backend, fallback } = await startModel({ ...init, graphics, references }, WEIGHTS)
    expect([backend, fallback, model.chunkTokens]).toEqual(['webgpu-fake', null, 64])
    expect(await model.score(TOKENS, [5, 6])).toHaveLength(2)
    await model.stop()
  }
  expect([...references.kept.keys()]).toEqual(['a-digest/ort-1.0.0/ctx256'])
  expect(references.reads).toBe(2)
})

test('one that does not leaves the work to WASM, and says why', async () => {
  const alone = await startModel(init, WEIGHTS)
  expect([alone.backend, alone.fallback]).toEqual(['wasm', null])
  const graphics = () => Promise.resolve(deviceThat(1.5))
  const references = memoryReferences()
  for (let load = 1; load <= 2; load++) {
    const { model, backend, fallback } = await startModel({ ...init, graphics, references }, WEIGHTS)
    expect([backend, fallback]).toEqual(['wasm', 'WebGpuUnsoundError'])
    expect(await model.score(TOKENS, [5, 6])).toEqual(await alone.model.score(TOKENS, [5, 6]))
    await model.stop()
  }
  await alone.model.stop()
})

test('one on which nothing starts, too; and no device is no reason to say anything', async () => {
  // This build of onnxruntime knows no WebGPU.
  const broken = await startModel({ ...init, graphics: () => Promise.resolve({ ort, label: 'none' }) }, WEIGHTS)
  expect([broken.backend, broken.fallback]).toEqual(['wasm', 'WebGpuFailedError'])
  await broken.model.stop()
  const unfetched = () => Promise.reject(new TypeError('Failed to fetch'))
  const offline = await startModel({ ...init, graphics: unfetched }, WEIGHTS)
  expect([offline.backend, offline.fallback]).toEqual(['wasm', 'WebGpuFailedError'])
  await offline.model.stop()
  const without = await startModel({ ...init, graphics: () => Promise.resolve(null) }, WEIGHTS)
  expect([without.backend, without.fallback]).toEqual(['wasm', null])
  await without.model.stop()
})
