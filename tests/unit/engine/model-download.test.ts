import { hasModelInCache } from '@mlc-ai/web-llm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { ModelCache } from '#adapters/engine/model-cache.ts'
import { downloadModel } from '#adapters/engine/model-download.ts'
import { FakeCaches } from '#support/fake-caches.ts'
import { FakeModelHost, SHARD_BYTES, SHARDS, fakeModel } from '#support/fake-model-host.ts'

const model = fakeModel('one')
const twin = fakeModel('two', { libraryUrl: model.libraryUrl })
const never = new AbortController().signal

let caches: FakeCaches
let cache: ModelCache
let host: FakeModelHost
beforeEach(() => {
  caches = new FakeCaches()
  cache = new ModelCache(caches)
  host = new FakeModelHost([model, twin])
})
afterEach(() => vi.unstubAllGlobals())

const download = (signal = never, which = model, freeBytes: number | null = null, onBytes = (_: number) => {}) =>
  downloadModel(
    which,
    { cache, fetch: host.fetch, freeBytes: () => Promise.resolve(freeBytes) },
    ({ loadedBytes }) => onBytes(loadedBytes),
    signal,
  )
const shards = () => host.asked.filter((url) => url.includes('params_shard'))

test('brings every file to where web-llm itself looks for it, and counts bytes on the way', async () => {
  const seen: number[] = []
  await download(never, model, null, (bytes) => seen.push(bytes))
  const kept = await cache.require('one')
  expect(seen.at(-1)).toBe(kept.totalBytes)
  expect(seen).toEqual(seen.toSorted((a, b) => a - b))
  expect(seen.length).toBeGreaterThan(2 * SHARDS)
  expect(await cache.completeIds()).toEqual(['one'])
  // The real library, asked about a cache that this download filled.
  vi.stubGlobal('caches', caches)
  const record = { model: model.weightsUrl, model_id: 'one', model_lib: model.libraryUrl }
  expect(await hasModelInCache('one', { model_list: [record] })).toBe(true)
})

test('goes on where it was cut, and fetches no shard twice', async () => {
  host.trouble.set('params_shard_2.bin', 'offline')
  await expect(download()).rejects.toMatchObject({ name: 'DownloadFailedError' })
  expect(await cache.completeIds()).toEqual([])
  await expect(cache.require('one')).rejects.toMatchObject({ name: 'ModelLoadError' })
  const held = [...(caches.files.get('webllm/model')?.keys() ?? [])].filter((url) => url.includes('shard')).length
  host.trouble.clear()
  host.asked.length = 0
  await download()
  expect(shards()).toHaveLength(SHARDS - held)
  expect(host.asked).toHaveLength(SHARDS - held)
})

test('obeys its signal in the middle of a shard', async () => {
  host.trouble.set('.bin', 'hang')
  const stop = new AbortController()
  const running = download(stop.signal, model, null, (bytes) => {
    if (bytes > SHARD_BYTES) stop.abort()
  })
  await expect(running).rejects.toMatchObject({ name: 'AbortError' })
})

test.each([
  ['params_shard_1.bin', 404, 'ModelMissingError'],
  ['mlc-chat-config.json', 404, 'ModelMissingError'],
  ['webgpu.wasm', 503, 'DownloadFailedError'],
  ['params_shard_0.bin', 'cut', 'DownloadFailedError'],
  ['tensor-cache.json', 'cut', 'ModelDamagedError'],
] as const)('says what is wrong with %s: %s', async (file, trouble, name) => {
  host.trouble.set(file, trouble)
  await expect(download()).rejects.toMatchObject({ name })
})

test('keeps no shard whose digest is another', async () => {
  const url = `${model.weightsUrl}params_shard_1.bin`
  host.files.set(url, new Uint8Array(SHARD_BYTES).fill(9))
  await expect(download()).rejects.toMatchObject({ name: 'ModelDamagedError' })
  expect(caches.files.get('webllm/model')?.has(url)).toBe(false)
})

test.each(['tokenizer.json', 'params_shard_0.bin', 'one-webgpu.wasm'])(
  'holds %s against a known digest',
  async (file) => {
    const pinned = fakeModel('one', { digests: { [file]: '00'.repeat(32) } })
    await expect(download(never, pinned)).rejects.toMatchObject({ name: 'ModelDamagedError' })
  },
)

test('follows no manifest out of the model’s folder', async () => {
  const manifest = { records: [{ dataPath: '../../../elsewhere.bin', nbytes: 1 }] }
  host.files.set(`${model.weightsUrl}tensor-cache.json`, new TextEncoder().encode(JSON.stringify(manifest)))
  await expect(download()).rejects.toMatchObject({ name: 'ModelDamagedError' })
  expect(host.asked.some((url) => url.includes('elsewhere'))).toBe(false)
})

test('says so when the disk is full, before the weights or among them', async () => {
  await expect(download(never, model, SHARD_BYTES)).rejects.toMatchObject({ name: 'StorageFullError' })
  expect(shards()).toEqual([])
  caches.quotaBytes = 2 * SHARD_BYTES
  await expect(download()).rejects.toMatchObject({ name: 'StorageFullError' })
})

test('notices a file that the browser has dropped', async () => {
  await download()
  caches.files.get('webllm/model')?.delete(`${model.weightsUrl}params_shard_1.bin`)
  await expect(cache.require('one')).rejects.toMatchObject({ name: 'ModelLoadError' })
  expect(await cache.completeIds()).toEqual([])
})

test('removes what no other model uses, also of half a download', async () => {
  await download()
  host.trouble.set('params_shard_2.bin', 'offline')
  await expect(download(never, twin)).rejects.toMatchObject({ name: 'DownloadFailedError' })
  await cache.remove('one')
  expect([...(caches.files.get('webllm/wasm')?.keys() ?? [])]).toEqual([model.libraryUrl])
  await cache.remove('two')
  expect(caches.usedBytes).toBe(0)
})
