import type { Stream } from '@libp2p/interface'
import { expect, test } from 'vitest'
import { chunksOf } from '#adapters/libp2p/stream-chunks.ts'

/** The reading side of a libp2p stream: keeps what comes while nobody listens, and tells of its end only once. */
class IncomingStream extends EventTarget {
  readStatus = 'readable'
  remoteWriteStatus = 'writable'
  status = 'open'
  #unread: number[] = []
  #listeners = 0

  get readBufferLength(): number {
    return this.#unread.length
  }

  override addEventListener(type: string, listener: EventListener): void {
    super.addEventListener(type, listener)
    if (type !== 'message') return
    this.#listeners++
    queueMicrotask(() => this.#deliver())
  }

  override removeEventListener(type: string, listener: EventListener): void {
    super.removeEventListener(type, listener)
    if (type === 'message') this.#listeners--
  }

  receive(...bytes: number[]): void {
    this.#unread.push(...bytes)
    this.#deliver()
  }

  /** The remote closes its half; with `all`, the stream closes as a whole. */
  end(all = false): void {
    this.remoteWriteStatus = 'closed'
    this.dispatchEvent(new Event('remoteCloseWrite'))
    if (this.#unread.length === 0) this.#readable()
    if (!all) return
    this.status = 'closed'
    this.dispatchEvent(new Event('close'))
  }

  reset(): void {
    this.status = 'reset'
    this.remoteWriteStatus = 'closed'
    this.dispatchEvent(new Event('close'))
  }

  #deliver(): void {
    if (this.#listeners === 0 || this.#unread.length === 0) return
    const data = Uint8Array.from(this.#unread)
    this.#unread = []
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
    if (this.remoteWriteStatus === 'closed') this.#readable()
  }

  #readable(): void {
    this.readStatus = 'closed'
    this.dispatchEvent(new Event('end'))
  }
}

async function readAll(stream: IncomingStream): Promise<number[]> {
  const bytes: number[] = []
  for await (const chunk of chunksOf(stream as unknown as Stream)) bytes.push(...chunk)
  return bytes
}

test.each([false, true])('reads what came, and ended, before reading began (closed as a whole: %s)', async (all) => {
  const stream = new IncomingStream()
  stream.receive(1, 2)
  stream.receive(3)
  stream.end(all)
  expect(await readAll(stream)).toEqual([1, 2, 3])
})

test('ends at once where nothing came and the end is past', async () => {
  const stream = new IncomingStream()
  stream.end(true)
  expect(await readAll(stream)).toEqual([])
})

test('reads what comes while reading, to the end', async () => {
  const stream = new IncomingStream()
  const read = readAll(stream)
  stream.receive(1)
  await Promise.resolve()
  stream.receive(2)
  stream.end()
  expect(await read).toEqual([1, 2])
})

test('ends when the stream is reset, before reading and during it', async () => {
  const during = new IncomingStream()
  const read = readAll(during)
  during.receive(1)
  during.reset()
  expect(await read).toEqual([1])
  const before = new IncomingStream()
  before.reset()
  expect(await readAll(before)).toEqual([])
})

test('leaves what was not read to the stream', async () => {
  const stream = new IncomingStream()
  stream.receive(1)
  for await (const chunk of chunksOf(stream as unknown as Stream)) {
    expect([...chunk]).toEqual([1])
    break
  }
  stream.receive(2, 3)
  expect(stream.readBufferLength).toBe(2)
  stream.end()
  expect(await readAll(stream)).toEqual([2, 3])
})
