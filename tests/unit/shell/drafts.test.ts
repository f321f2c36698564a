import { beforeEach, expect, test } from 'vitest'
import * as cbor from '@ipld/dag-cbor'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { MAX_ANSWER_BYTES } from '#core/protocol/limits.ts'
import { encodeDraftPiece, MAX_DRAFT_FRAME_BYTES } from '#core/protocol/streams.ts'
import { DRAFT_STREAM } from '#core/protocol/version.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'
import { DraftSender, receiveDrafts } from '#shell/drafts.ts'
import { createFakeNetwork, type FakeNetwork } from '#support/fake-mesh.ts'
import { createVirtualClock, type VirtualClock } from '#support/virtual-clock.ts'

const LEADER = 'aa'.repeat(32) as NodeId
const WRITER = 'bb'.repeat(32) as NodeId
const STRANGER = 'cc'.repeat(32) as NodeId
const sessionOf = (index: number) => index.toString(16).padStart(32, '0') as SessionId
const SESSION = sessionOf(1)

let clock: VirtualClock
let network: FakeNetwork
let leader: Mesh
let writer: Mesh
/** What the leader was shown, in order. */
let shown: { session: SessionId; from: NodeId; text: string }[]

beforeEach(async () => {
  clock = createVirtualClock()
  network = createFakeNetwork({ clock, random: () => 0.5 })
  leader = network.join(LEADER)
  writer = network.join(WRITER)
  await Promise.all([leader.start(), writer.start()])
  shown = []
  receiveDrafts(leader, (session, from, text) => shown.push({ session, from, text }))
})

const textsOf = (session: SessionId) => shown.filter((each) => each.session === session).map(({ text }) => text)

async function openStream(from: Mesh = writer): Promise<FrameStream> {
  const opening = from.open(LEADER, DRAFT_STREAM, MAX_DRAFT_FRAME_BYTES)
  await clock.advanceBy(100)
  return opening
}

const piece = (text: string, session = SESSION) => encodeDraftPiece({ session, text })

/** Sends one frame after the other. Resolves to how many the stream took before it was cut. */
async function sendAll(stream: FrameStream, frames: readonly Uint8Array[]): Promise<number> {
  let sent = 0
  try {
    for (; sent < frames.length; sent++) {
      await stream.send(frames[sent] ?? new Uint8Array())
      await clock.advanceBy(100)
    }
  } catch {
    // Cut.
  }
  return sent
}

test('DRAFT-1: the leader sees the text grow, whole each time, and to its end', async () => {
  const sender = new DraftSender(writer, clock, LEADER, SESSION)
  const words = ['The ', 'capital ', 'of ', 'Portugal ', 'is ', 'Lisbon.']
  for (let count = 1; count <= words.length; count++) {
    sender.show(words.slice(0, count).join(''))
    await clock.advanceBy(50)
  }
  await clock.advanceBy(1000)
  const texts = textsOf(SESSION)
  expect(texts.at(-1)).toBe(words.join(''))
  expect(texts.every((text, index) => text.startsWith(texts[index - 1] ?? ''))).toBe(true)
  expect(shown.every(({ from }) => from === WRITER)).toBe(true)
})

test('tokens that come fast share frames, also while the stream is still being opened', async () => {
  network.setConditions({ delayMs: { min: 500, max: 500 } })
  const sender = new DraftSender(writer, clock, LEADER, SESSION)
  const text = 'x'.repeat(400)
  for (let length = 1; length <= text.length; length++) {
    sender.show(text.slice(0, length))
    await clock.advanceBy(1)
  }
  await clock.advanceBy(5000)
  expect(textsOf(SESSION).at(-1)).toBe(text)
  expect(shown.length).toBeLessThanOrEqual(text.length / 40 + 1)
})

test('what is shown twice is sent once', async () => {
  const sender = new DraftSender(writer, clock, LEADER, SESSION)
  for (let i = 0; i < 5; i++) {
    sender.show('the same')
    await clock.advanceBy(100)
  }
  expect(textsOf(SESSION)).toEqual(['the same'])
})

test('a leader that cannot be reached, or goes away, disturbs nobody', async () => {
  const toNobody = new DraftSender(writer, clock, STRANGER, SESSION)
  toNobody.show('to nobody')
  await clock.advanceBy(1000)
  toNobody.show('to nobody still')
  await clock.advanceBy(1000)
  toNobody.close()

  const sender = new DraftSender(writer, clock, LEADER, SESSION)
  sender.show('one')
  await clock.advanceBy(1000)
  network.crash(LEADER)
  sender.show('one, two')
  await clock.advanceBy(1000)
  sender.close()
  await clock.advanceBy(1000)
  expect(textsOf(SESSION)).toEqual(['one'])
})

test('once closed it sends no more, whether the stream was open, opening, or not asked for yet', async () => {
  const open = new DraftSender(writer, clock, LEADER, sessionOf(1))
  open.show('before')
  await clock.advanceBy(1000)
  open.show('before, after')
  open.close()

  network.setConditions({ delayMs: { min: 500, max: 500 } })
  const opening = new DraftSender(writer, clock, LEADER, sessionOf(2))
  opening.show('never')
  await clock.advanceBy(100)
  opening.close()

  const waiting = new DraftSender(writer, clock, LEADER, sessionOf(3))
  waiting.show('never')
  waiting.close()

  await clock.advanceBy(5000)
  expect(shown.map(({ session, text }) => [session, text])).toEqual([[sessionOf(1), 'before']])
  expect(clock.pending).toBe(0)
})

test('a text goes under its session and under whose stream it came by', async () => {
  const stranger = network.join(STRANGER)
  await stranger.start()
  const [one, two] = [await openStream(writer), await openStream(stranger)]
  await sendAll(one, [piece('mine', sessionOf(1)), piece('another’s', sessionOf(2)), piece(' still', sessionOf(1))])
  await sendAll(two, [piece('forged', sessionOf(1))])
  expect(shown).toEqual([
    { session: sessionOf(1), from: WRITER, text: 'mine' },
    { session: sessionOf(2), from: WRITER, text: 'another’s' },
    { session: sessionOf(1), from: WRITER, text: 'mine still' },
    { session: sessionOf(1), from: STRANGER, text: 'forged' },
  ])
})

test('of a stream that never ends, an answer’s length is taken, and it is cut', async () => {
  const stream = await openStream()
  const kilobyte = piece('x'.repeat(1024))
  const sent = await sendAll(stream, Array<Uint8Array>(100).fill(kilobyte))
  expect(sent).toBeLessThan(20)
  expect(shown.at(-1)?.text).toHaveLength(MAX_ANSWER_BYTES)
})

test('a stream is cut that begins draft after draft', async () => {
  const stream = await openStream()
  const sent = await sendAll(
    stream,
    Array.from({ length: 1000 }, (_, index) => piece('x', sessionOf(index))),
  )
  expect(sent).toBeLessThan(20)
  expect(new Set(shown.map(({ session }) => session)).size).toBeLessThan(20)
})

test.each([
  ['is no CBOR', Uint8Array.of(0xff)],
  ['is empty', new Uint8Array(0)],
  ['adds nothing', piece('')],
  ['is of another shape', cbor.encode({ text: 'x' })],
  ['names no session', cbor.encode({ session: new Uint8Array(3), text: 'x' })],
  ['is longer than an answer', cbor.encode({ session: new Uint8Array(16), text: 'x'.repeat(MAX_ANSWER_BYTES + 1) })],
])('a stream is cut that carries what %s; what came before stands, what follows is not read', async (_, frame) => {
  const stream = await openStream()
  await sendAll(stream, [piece('good'), frame, piece(' and more')])
  expect(textsOf(SESSION)).toEqual(['good'])
  await expect(stream.send(piece('x'))).rejects.toMatchObject({ name: 'StreamClosedError' })
})

test('one writer’s bad stream leaves another’s alone', async () => {
  const stranger = network.join(STRANGER)
  await stranger.start()
  const [bad, good] = [await openStream(stranger), await openStream(writer)]
  await sendAll(bad, [Uint8Array.of(0xff)])
  await sendAll(good, [piece('honest')])
  expect(shown).toEqual([{ session: SESSION, from: WRITER, text: 'honest' }])
})
