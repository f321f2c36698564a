import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import { beforeEach, expect, test } from 'vitest'
import { downloadGguf } from '#adapters/engine/gguf-download.ts'
import { GgufStore } from '#adapters/engine/gguf-store.ts'
import { FakeOpfs } from '#support/fake-opfs.ts'
import { testModel } from '#support/gguf-shapes.ts'

const URL = 'https://models.example/one.gguf'
const FILE = Uint8Array.from({ length: 300_000 }, (_, index) => ('GGUF'.charCodeAt(index) || index * 7) & 0xff)
const DIGEST = bytesToHex(sha256(FILE))
const never = new AbortController().signal

let disk: FakeOpfs
let store: GgufStore
let asked: (string | null)[]
beforeEach(() => {
  disk = new FakeOpfs()
  store = new GgufStore(disk.root)
  asked = []
})

/** A host that ends a reply after so many bytes. */
const host =
  (file = FILE, cutAfter = Infinity, headers: Record<string, string> = {}): typeof globalThis.fetch =>
  (_url, init) => {
    const range = new Headers(init?.headers).get('range')
    asked.push(range)
    const from = Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0)
    const rest = file.slice(from)
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at < Math.min(rest.length, cutAfter)) {
          const to = Math.min(at + 50_000, cutAfter, rest.length)
          controller.enqueue(rest.slice(at, to))
          at = to
        } else if (cutAfter < rest.length) controller.error(new TypeError('network error'))
        else controller.close()
      },
    })
    return Promise.resolve(
      new Response(body, {
        status: range ? 206 : 200,
        headers: {
          'Content-Length': String(rest.length),
          ...(range && { 'Content-Range': `bytes ${from}-${file.length - 1}/${file.length}` }),
          ...headers,
        },
      }),
    )
  }

const download = (fetch = host(), model = testModel('one', URL, { sha256: DIGEST }), freeBytes: number | null = null) =>
  downloadGguf(model, { store, fetch, freeBytes: () => Promise.resolve(freeBytes) }, () => {}, never)

test('a full disk is told before or while it fills, and keeps what has come', async () => {
  await expect(download(host(), undefined, 299_999)).rejects.toMatchObject({ name: 'StorageFullError' })
  disk.quotaBytes = 200_000
  await expect(download()).rejects.toMatchObject({ name: 'StorageFullError' })
  expect(await store.keptBytes('one')).toBe(200_000)
  disk.quotaBytes = Infinity
  await download(host(), undefined, 100_000)
  expect(asked.at(-1)).toBe('bytes=200000-')
  expect((await store.record('one'))?.checked?.sha256).toBe(DIGEST)
})

test('a broken network keeps what has come, and the whole must be right', async () => {
  await expect(download(host(FILE, 120_000))).rejects.toMatchObject({ name: 'DownloadFailedError' })
  const kept = await store.keptBytes('one')
  expect(kept).toBeGreaterThan(0)
  const flipped = disk.files.get('one.gguf')
  flipped?.set([1], 10)
  await expect(download()).rejects.toMatchObject({ name: 'ModelDamagedError' })
  expect([await store.record('one'), await store.keptBytes('one')]).toEqual([null, 0])
  await download()
  expect(asked.slice(-2)).toEqual([`bytes=${kept}-`, null])
})

test('without a digest in the catalogue, the first one is kept, or the one that the host states counts', async () => {
  const unknown = testModel('one', URL)
  await download(host(), unknown)
  expect((await store.record('one'))?.checked?.sha256).toBe(DIGEST)
  await store.remove('one')
  const stating = host(FILE, 100_000, { 'X-Linked-ETag': `"${'0'.repeat(64)}"` })
  await expect(download(stating, unknown)).rejects.toMatchObject({ name: 'DownloadFailedError' })
  // What was stated at first holds for the rest, whoever gives that.
  await expect(download(host(), unknown)).rejects.toMatchObject({ name: 'ModelDamagedError' })
})

test('a file of another length, or of none, is not taken', async () => {
  await expect(download(host(), testModel('one', URL, { sizeBytes: 5 }))).rejects.toMatchObject({
    name: 'ModelDamagedError',
  })
  const silent: typeof globalThis.fetch = () => Promise.resolve(new Response(FILE.slice()))
  await expect(download(silent, testModel('one', URL))).rejects.toMatchObject({ name: 'DownloadFailedError' })
})

test('a record that cannot be read counts for nothing', async () => {
  await download()
  disk.files.set('one.json', new TextEncoder().encode('{"id": "on'))
  await download()
  expect(asked).toEqual([null, null])
  await expect(store.require('two')).rejects.toMatchObject({ name: 'ModelLoadError' })
})

test('two downloads of one model do not write over each other', async () => {
  const open = await store.open('one')
  await expect(download()).rejects.toMatchObject({ name: 'DownloadElsewhereError' })
  open.close()
  await download()
})
