import { describe, expect, test } from 'vitest'
import { securityHeaders } from '#relay/security-headers.ts'
import { chatTemplateOf, inTurns } from '#adapters/engine/chat-template.ts'
import { threadCount } from '#adapters/engine/engine-class.ts'
import { GGUF_MODELS } from '#adapters/engine/gguf-catalogue.ts'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { createGgufShelf } from '#adapters/engine/gguf-shelf.ts'
import { GgufStore } from '#adapters/engine/gguf-store.ts'
import { readVocabulary } from '#adapters/engine/gguf-vocabulary.ts'
import { OneEngine, oneShelf } from '#adapters/engine/kinds-of-models.ts'
import { cacheBytesPerToken, contextThatFits } from '#adapters/engine/memory-needs.ts'
import { missingInWasm } from '#adapters/engine/wasm-features.ts'
import type { ModelShelf, ShelfSurvey } from '#ports/model-shelf.ts'
import { FakeEngine } from '#support/fake-engine.ts'
import { FakeOpfs } from '#support/fake-opfs.ts'
import { testFile } from '#support/gguf-shapes.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const GiB = 1024 ** 3
const layoutOf = (id: string) => readGguf(new Uint8Array(testFile(id)))

describe('the catalogue', () => {
  test.each(GGUF_MODELS.map((model) => [model.id, model] as const))('of %s is whole', (_, model) => {
    expect(model.url).toMatch(/^https:\/\/huggingface\.co\/[\w.-]+\/[\w.-]+\/resolve\/[0-9a-f]{40}\/[\w.-]+\.gguf$/)
    expect(model.sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(model.sizeBytes).toBe(model.downloadBytes)
    expect(model.memoryBytes).toBeGreaterThan(model.downloadBytes)
    // The page's own policy lets it ask this host, and no model adds one.
    expect(securityHeaders(null)['Content-Security-Policy']).toContain(`https://${model.hosts.join()} `)
  })

  test('names each model once, smallest first', () => {
    expect(new Set(GGUF_MODELS.map(({ id }) => id)).size).toBe(GGUF_MODELS.length)
    const sizes = GGUF_MODELS.map(({ downloadBytes }) => downloadBytes)
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b))
  })
})

describe('the shelf', () => {
  const shelf = (memoryGib: number | undefined, quota: number, disk = new FakeOpfs()) =>
    createGgufShelf({
      models: GGUF_MODELS,
      store: new GgufStore(disk.root),
      storage: { estimate: () => Promise.resolve({ quota, usage: 0 }) },
      memoryGib,
      spawn: () => {
        throw new Error('nothing is downloaded here')
      },
    })

  test('suggests what a processor computes pleasantly, within memory and disk', async () => {
    // Node has no 64-bit memory in WebAssembly, so the survey says so; what fits is decided beside it.
    const survey = await shelf(8, 100 * GiB).survey()
    if (missingInWasm() !== null) return expect(survey.problem).toBe('UnsupportedBrowserError')
    expect(survey.recommended).toBe('Qwen2.5-0.5B-Instruct-Q4_K_M-GGUF')
    expect((await shelf(1, 100 * GiB).survey()).offers.at(-1)?.fit).toBe('little-memory')
    expect((await shelf(8, GiB / 4).survey()).offers.at(-1)?.fit).toBe('little-disk')
  })

  test('has nothing without a file system', async () => {
    const none = createGgufShelf({
      models: GGUF_MODELS,
      store: null,
      storage: undefined,
      memoryGib: 8,
      spawn: () => {
        throw new Error('nothing is downloaded here')
      },
    })
    expect(await none.survey()).toMatchObject({ problem: 'SecurityError', offers: [] })
  })
})

test('a browser without vector instructions or 64-bit memory is told apart', () => {
  expect(missingInWasm(() => true)).toBeNull()
  expect(missingInWasm(() => false)).toBe('vector instructions')
  expect(missingInWasm((module) => module.length > 20)).toBe('64-bit memory')
})

test('threads only where they are safe', () => {
  const large = 200_000_000
  expect(threadCount(false, 8, large)).toBe(1)
  expect(threadCount(true, 2, large)).toBe(1)
  expect(threadCount(true, 4, large)).toBe(2)
  expect(threadCount(true, 32, large)).toBe(4)
  expect(threadCount(true, 8, 1_000_000)).toBe(1)
})

test('the context is as long as memory allows, and never beyond training', () => {
  const layout = layoutOf('grouped')
  // 2 layers, 2 heads of 16, keys and values, 4 bytes each.
  expect(cacheBytesPerToken(layout)).toBe(2 * 2 * 16 * 2 * 4)
  expect(contextThatFits(layout, 0, 4096, 8)).toBe(2048)
  expect(contextThatFits(layout, 4 * GiB - 256 * 1500, 4096, 8)).toBe(1024)
  expect(contextThatFits(layout, 9 * GiB, 4096, 8)).toBe(1024)
})

test('the template is the file’s own, else ChatML with its marks kept out of messages', () => {
  expect(chatTemplateOf(layoutOf('grouped'))).toEqual({ name: undefined, marks: [], stop: [] })
  expect(chatTemplateOf(layoutOf('biased'))).toMatchObject({ name: 'chatml', stop: ['<|im_end|>'] })
})

test('a conversation is told as every template takes it', () => {
  const say = (role: 'system' | 'user' | 'assistant', content: string) => ({ role, content })
  expect(
    inTurns([say('system', 's'), say('user', 'a'), say('user', 'b'), say('assistant', 'c'), say('system', 'd')]),
  ).toEqual([say('system', 's'), say('user', 'a\n\nb'), say('assistant', 'c'), say('user', 'd')])
})

test('SentencePiece vocabularies are read too', () => {
  const { alphabet, controlTexts, brokenTokens } = readVocabulary(layoutOf('pieces'))
  expect([' ', '5', 'é', '\n'].map((character) => alphabet.has(character))).toEqual([true, true, true, true])
  expect(controlTexts).toContain('<unk>')
  expect(brokenTokens).toHaveLength(128)
})

describe('several kinds of models', () => {
  const survey = (change: Partial<ShelfSurvey>): ModelShelf => ({
    survey: () => Promise.resolve({ problem: null, offers: [], recommended: null, ...change }),
    download: (id) => Promise.reject(new Error(`download of ${id}`)),
    remove: () => Promise.resolve(),
  })
  const clock = createVirtualClock()
  const kinds = (first: Partial<ShelfSurvey>, second: Partial<ShelfSurvey>) => [
    { ids: new Set(['a']), shelf: survey(first), engine: new FakeEngine({ clock, modelId: 'a' }) },
    { ids: new Set(['b']), shelf: survey(second), engine: new FakeEngine({ clock, modelId: 'b' }) },
  ]

  test('the first kind’s suggestion comes first, and one that cannot run does not hide the other', async () => {
    expect((await oneShelf(kinds({ recommended: 'a' }, { recommended: 'b' })).survey()).recommended).toBe('a')
    const without = await oneShelf(kinds({ problem: 'NoGpuError' }, { recommended: 'b' })).survey()
    expect(without).toMatchObject({ problem: null, recommended: 'b' })
    const none = await oneShelf(kinds({ problem: 'NoGpuError' }, { problem: 'SecurityError' })).survey()
    expect(none.problem).toBe('NoGpuError')
  })

  test('a model is downloaded and computed where it belongs, and one engine at most holds one', async () => {
    const both = kinds({}, {})
    await expect(oneShelf(both).download('b', () => {}, new AbortController().signal)).rejects.toThrow('download of b')
    const engine = new OneEngine(both)
    expect(engine.describe()).toBeNull()
    await expect(engine.load('c')).rejects.toMatchObject({ name: 'ModelLoadError' })
    for (const id of ['a', 'b', 'a']) {
      const loading = engine.load(id)
      await clock.advanceBy(2000)
      await loading
      expect(engine.describe()?.modelId).toBe(id)
      expect(both.filter((kind) => kind.engine.describe() !== null)).toHaveLength(1)
    }
  })
})
