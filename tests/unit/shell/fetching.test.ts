import { beforeEach, expect, test } from 'vitest'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES, MAX_TRANSCRIPT_BYTES } from '#core/protocol/limits.ts'
import { encodeFetchRequest } from '#core/protocol/streams.ts'
import { FETCH_STREAM } from '#core/protocol/version.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'
import { fetchPresence, fetchSession, serveFetches, type FetchSource } from '#shell/fetching.ts'
import { createFakeNetwork } from '#support/fake-mesh.ts'
import { createVirtualClock, type VirtualClock } from '#support/virtual-clock.ts'

const ASKER = 'aa'.repeat(32) as NodeId
const SERVER = 'bb'.repeat(32) as NodeId
const SESSION = '11'.repeat(16) as SessionId
const OTHER_SESSION = '22'.repeat(16) as SessionId
const NEVER = new AbortController().signal

let clock: VirtualClock
let asker: Mesh
let server: Mesh

beforeEach(async () => {
  clock = createVirtualClock()
  const network = createFakeNetwork({ clock, random: () => 0.5 })
  asker = network.join(ASKER)
  server = network.join(SERVER)
  await Promise.all([asker.start(), server.start()])
})

const framesOf = (count: number, sizeBytes = 4) =>
  Array.from({ length: count }, (_, index) => new Uint8Array(sizeBytes).fill(index % 256))

function serve(source: Partial<FetchSource>): void {
  serveFetches(server, { presence: () => [], session: async () => [], ...source })
}

/** What a peer does that keeps to no rule. Resolves when its stream is over, to how it ended. */
function serveAs(behaviour: (stream: FrameStream) => Promise<void>): Promise<Error | null> {
  return new Promise((resolve) => {
    server.handle(FETCH_STREAM, MAX_FRAME_BYTES, (stream) =>
      behaviour(stream).then(
        () => resolve(null),
        (error: Error) => resolve(error),
      ),
    )
  })
}

/** Lets virtual time pass until the promise settles, a minute at the most. */
async function settled<T>(promise: Promise<T>): Promise<T> {
  let done = false
  const finish = () => (done = true)
  promise.then(finish, finish)
  for (let waitedMs = 0; !done && waitedMs < 60_000; waitedMs += 100) await clock.advanceBy(100)
  if (!done) throw new Error('still waiting after a minute')
  return promise
}

test('FETCH-1: whoever asks gets what there is, in order', async () => {
  serve({ presence: () => framesOf(3), session: async (session) => (session === SESSION ? framesOf(5) : []) })
  expect(await settled(fetchPresence(asker, SERVER, NEVER))).toEqual(framesOf(3))
  expect(await settled(fetchSession(asker, SERVER, { session: SESSION, held: [] }, NEVER))).toEqual(framesOf(5))
  expect(await settled(fetchSession(asker, SERVER, { session: OTHER_SESSION, held: [] }, NEVER))).toEqual([])
})

test('FETCH-1: at most 256 envelopes are served, and they arrive', async () => {
  serve({ presence: () => framesOf(300) })
  expect(await settled(fetchPresence(asker, SERVER, NEVER))).toEqual(framesOf(256))
})

test('FETCH-1: of a peer that never stops sending, 256 frames are taken, and it is cut off', async () => {
  const ended = serveAs(async (stream) => {
    for (;;) await stream.send(new Uint8Array(1000))
  })
  expect(await settled(fetchPresence(asker, SERVER, NEVER))).toHaveLength(256)
  expect(await settled(ended)).toMatchObject({ name: 'StreamClosedError' })
})

test('large frames are taken up to the size of a transcript', async () => {
  const ended = serveAs(async (stream) => {
    for (;;) await stream.send(new Uint8Array(MAX_FRAME_BYTES))
  })
  const frames = await settled(fetchSession(asker, SERVER, { session: SESSION, held: [] }, NEVER))
  expect(frames).toHaveLength(MAX_TRANSCRIPT_BYTES / MAX_FRAME_BYTES)
  expect(await settled(ended)).toMatchObject({ name: 'StreamClosedError' })
})

test('a peer that never ends its answer is left when the signal says so', async () => {
  const stop = new AbortController()
  void serveAs(async (stream) => {
    await stream.send(Uint8Array.of(1))
    await new Promise<never>(() => undefined)
  })
  const outcome: unknown[] = []
  fetchPresence(asker, SERVER, stop.signal).catch((error: unknown) => outcome.push(error))
  await clock.advanceBy(30_000)
  expect(outcome).toEqual([])
  const reason = new Error('no longer wanted')
  stop.abort(reason)
  await clock.settle()
  expect(outcome).toEqual([reason])
})

test('a signal that has fired asks nobody', async () => {
  let asked = 0
  serve({ presence: () => (asked++, []) })
  const gone = AbortSignal.abort(new Error('no longer wanted'))
  await expect(fetchPresence(asker, SERVER, gone)).rejects.toThrow('no longer wanted')
  await clock.advanceBy(1000)
  expect(asked).toBe(0)
})

test('a peer that breaks off, or is not there, is an error', async () => {
  const ended = serveAs(async (stream) => {
    await stream.send(Uint8Array.of(1))
    stream.abort(new Error('enough'))
  })
  await expect(settled(fetchPresence(asker, SERVER, NEVER))).rejects.toMatchObject({ name: 'StreamClosedError' })
  await ended
  const nobody = 'cc'.repeat(32) as NodeId
  await expect(settled(fetchPresence(asker, nobody, NEVER))).rejects.toMatchObject({ name: 'UnreachableError' })
})

test.each([
  ['no request', Uint8Array.of(0xff, 0x00)],
  ['an empty frame', new Uint8Array(0)],
  ['a frame of the largest size', new Uint8Array(MAX_FRAME_BYTES)],
])('a stream that carries %s is cut, and nothing is looked up', async (_, frame) => {
  let asked = 0
  serve({ presence: () => (asked++, []), session: async () => (asked++, []) })
  const stream = await settled(asker.open(SERVER, FETCH_STREAM, MAX_FRAME_BYTES))
  await stream.send(frame)
  const read = async () => {
    for await (const answer of stream.frames) throw new Error(`answered ${answer.length} bytes`)
  }
  await expect(settled(read())).rejects.toMatchObject({ name: 'StreamClosedError' })
  expect(asked).toBe(0)
})

test('one stream is one request: what follows it is not answered', async () => {
  let asked = 0
  serve({ presence: () => (asked++, framesOf(1)) })
  const request = encodeFetchRequest({ type: 'presence' })
  const stream = await settled(asker.open(SERVER, FETCH_STREAM, MAX_FRAME_BYTES))
  for (let i = 0; i < 10; i++) await stream.send(request)
  const answers: Uint8Array[] = []
  const read = async () => {
    for await (const answer of stream.frames) answers.push(answer)
  }
  await settled(read())
  expect([asked, answers.length]).toEqual([1, 1])
})
