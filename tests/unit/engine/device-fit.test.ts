import { modelVersion, prebuiltAppConfig } from '@mlc-ai/web-llm'
import { describe, expect, test } from 'vitest'
import { fitOf, recommend, type GpuDevice } from '#adapters/engine/device-fit.ts'
import { LIBRARY_VERSION, WEBLLM_MODELS } from '#adapters/engine/webllm-catalogue.ts'
import { createWebLlmShelf } from '#adapters/engine/webllm-shelf.ts'
import { FakeCaches } from '#support/fake-caches.ts'
import { FakeGpu } from '#support/fake-mlc.ts'

const GiB = 1024 ** 3
const WORKSTATION: GpuDevice = { f16: true, maxBindingBytes: 2 * GiB, memoryBytes: 8 * GiB, freeDiskBytes: 100 * GiB }
const PHONE: GpuDevice = { f16: true, maxBindingBytes: GiB / 8, memoryBytes: 4 * GiB, freeDiskBytes: 3 * GiB }

const find = (id: string) => {
  const model = WEBLLM_MODELS.find((candidate) => candidate.id === id)
  if (!model) throw new Error(id)
  return model
}

describe('the catalogue says what the installed web-llm says', () => {
  test('of its version', () => expect(LIBRARY_VERSION).toBe(modelVersion))

  test.each(WEBLLM_MODELS.map((model) => [model.id, model] as const))('of %s', (id, model) => {
    const record = prebuiltAppConfig.model_list.find((candidate) => candidate.model_id === id)
    expect(record).toBeDefined()
    expect(`${record?.model}/resolve/main/`).toBe(model.weightsUrl)
    expect(record?.model_lib).toBe(model.libraryUrl)
    expect(record?.overrides?.context_window_size).toBe(model.contextTokens)
    expect(model.memoryBytes).toBe(Math.round((record?.vram_required_MB ?? 0) * 1024 * 1024))
    expect(record?.low_resource_required).toBe(model.lowResource)
    // A model whose buffer or feature needs we do not know how to ask for must not be offered.
    expect(record?.buffer_size_required_bytes).toBeUndefined()
    expect(record?.model_manifest).toBeUndefined()
    for (const feature of record?.required_features ?? [])
      expect([feature, model.needsF16]).toEqual(['shader-f16', true])
    expect(model.downloadBytes).toBeLessThan(model.memoryBytes)
  })

  test('in families from tiny to middle, each for devices with and without 16-bit floats', () => {
    const families = ['SmolLM2', 'Qwen', 'Gemma', 'Llama', 'Phi', 'Mistral']
    for (const family of families) {
      const members = WEBLLM_MODELS.filter(({ name }) => name.startsWith(family))
      expect(new Set(members.map(({ needsF16 }) => needsF16)), family).toEqual(new Set([true, false]))
    }
    expect(new Set(WEBLLM_MODELS.map(({ tier }) => tier))).toEqual(new Set([1, 2, 3, 4, 5]))
  })
})

describe('fit', () => {
  const llama = find('Llama-3.2-1B-Instruct-q4f16_1-MLC')

  test('wants 16-bit floats where the model computes in them', () => {
    expect(fitOf({ ...WORKSTATION, f16: false }, llama)).toBe('no-f16')
    expect(fitOf({ ...WORKSTATION, f16: false }, find('Llama-3.2-1B-Instruct-q4f32_1-MLC'))).toBe('good')
  })

  test('offers only low-resource models where buffers are small', () => {
    expect(fitOf(PHONE, find('gemma-2-2b-it-q4f16_1-MLC'))).toBe('small-gpu')
    expect(fitOf(PHONE, llama)).toBe('good')
  })

  test('leaves memory to others', () => {
    expect(fitOf({ ...WORKSTATION, memoryBytes: 2 * GiB }, llama)).toBe('tight')
    expect(fitOf({ ...WORKSTATION, memoryBytes: 1 * GiB }, llama)).toBe('little-memory')
  })

  test('takes a silent browser for a usual device', () => {
    expect(fitOf({ ...WORKSTATION, memoryBytes: null, freeDiskBytes: null }, llama)).toBe('good')
    expect(fitOf({ ...WORKSTATION, memoryBytes: null }, find('Qwen3-4B-q4f16_1-MLC'))).toBe('little-memory')
  })

  test('wants room on the disk, unless the model is there already', () => {
    const full = { ...WORKSTATION, freeDiskBytes: llama.downloadBytes }
    expect(fitOf(full, llama)).toBe('little-disk')
    expect(fitOf(full, llama, true)).toBe('good')
  })
})

describe('recommendation', () => {
  const named = (device: GpuDevice) => recommend(device, WEBLLM_MODELS)?.id ?? null

  test('is the highest tier that suits well, there the smallest', () => {
    expect(named(WORKSTATION)).toBe('gemma-2-2b-it-q4f16_1-MLC')
    expect(named(PHONE)).toBe('gemma3-1b-it-q4f16_1-MLC')
    expect(named({ ...WORKSTATION, f16: false, memoryBytes: 4 * GiB })).toBe('SmolLM2-360M-Instruct-q4f32_1-MLC')
  })

  test('is the smallest that runs where none suits well, and nothing where none runs', () => {
    const small = { ...PHONE, memoryBytes: GiB }
    expect(named(small)).toBe('SmolLM2-360M-Instruct-q4f16_1-MLC')
    expect(fitOf(small, find('SmolLM2-360M-Instruct-q4f16_1-MLC'))).toBe('tight')
    expect(named({ ...PHONE, memoryBytes: GiB / 2 })).toBeNull()
    expect(named({ ...PHONE, freeDiskBytes: 0 })).toBeNull()
  })

  test('does not hang on the order of the list', () => {
    expect(recommend(WORKSTATION, WEBLLM_MODELS.toReversed())?.id).toBe(named(WORKSTATION))
  })

  test('is none where graphics are computed by the processor', async () => {
    const adapter = { f16: true, maxBindingBytes: 2 * GiB, label: 'some', software: false }
    const surveyed = (software: boolean) =>
      createWebLlmShelf({
        gpu: new FakeGpu({ ...adapter, software }),
        caches: new FakeCaches(),
        storage: undefined,
        memoryGib: 8,
        spawn: () => {
          throw new Error('nothing is downloaded')
        },
      }).survey()
    expect((await surveyed(false)).recommended).not.toBeNull()
    expect(await surveyed(true)).toMatchObject({ recommended: null, problem: null })
  })
})
