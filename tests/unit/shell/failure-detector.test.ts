import { expect, test } from 'vitest'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { SessionState } from '#core/session/state.ts'
import { FailureDetector } from '#shell/failure-detector.ts'
import type { SessionMailbox } from '#shell/session-mailbox.ts'
import type { Clock } from '#ports/clock.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'
import { createFakeNetwork, type JoinOptions } from '#support/fake-mesh.ts'
import { createDice } from '#support/sim-dice.ts'
import { createSilentLogger } from '#support/system-ports.ts'
import { createVirtualClock, type VirtualClock } from '#support/virtual-clock.ts'

const SESSION = '5e'.repeat(16) as SessionId
const nodeNamed = (letter: string) => letter.repeat(64) as NodeId
const ASKER = nodeNamed('a')
const EXECUTOR = nodeNamed('b')
const VERIFIER = nodeNamed('c')

/** The little of a session's state that says whom to watch. */
function stateAt(self: NodeId): SessionState {
  const entries = [
    { from: ASKER, message: { type: 'session-opened' } },
    { from: ASKER, message: { type: 'roles-assigned', executors: [ASKER, EXECUTOR], verifiers: [VERIFIER] } },
  ]
  return { session: SESSION, self, outcome: null, gone: [], record: { entries } } as unknown as SessionState
}

/** A clock whose timers come late while its tab stands still. */
class HaltingClock implements Clock {
  readonly #clock: VirtualClock
  #haltedUntilMs = 0

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  now = () => this.#clock.now()
  wallTimeMs = () => this.#clock.wallTimeMs()

  halt(durationMs: number): void {
    this.#haltedUntilMs = this.now() + durationMs
  }

  setTimer(at: number, callback: () => void): () => void {
    let cancel = this.#clock.setTimer(at, () => {
      if (this.now() >= this.#haltedUntilMs) callback()
      else cancel = this.#clock.setTimer(this.#haltedUntilMs, callback)
    })
    return () => cancel()
  }
}

class Part {
  state: SessionState
  readonly clock: HaltingClock
  readonly lost: NodeId[] = []
  readonly back: NodeId[] = []
  readonly stopping = new AbortController()
  sentFrames = 0
  sentBytes = 0
  openedStreams = 0
  readonly mesh: Mesh
  readonly #detector: FailureDetector

  constructor(mesh: Mesh, clock: VirtualClock) {
    this.mesh = mesh
    this.clock = new HaltingClock(clock)
    this.state = stateAt(mesh.self)
    this.#detector = new FailureDetector({
      mesh: this.#counting(mesh),
      clock: this.clock,
      logger: createSilentLogger(),
      stopping: this.stopping.signal,
      sessions: () => [this],
      onLost: (node) => {
        this.lost.push(node)
        this.#setGone(node, true)
      },
      onBack: (node) => this.back.push(node),
    })
  }

  /** As the core takes it up. */
  post(input: Parameters<SessionMailbox['post']>[0]): void {
    if (input.type === 'node-gone' || input.type === 'node-back') this.#setGone(input.node, input.type === 'node-gone')
  }

  #setGone(node: NodeId, gone: boolean): void {
    const others = this.state.gone.filter((other) => other !== node)
    this.state = { ...this.state, gone: gone ? [...others, node] : others }
  }

  watch(): void {
    this.#detector.sessionChanged(this)
  }

  end(outcome: 'answered' | 'failed'): void {
    this.state = { ...this.state, outcome }
  }

  #counting(mesh: Mesh): Mesh {
    const count = (stream: FrameStream): FrameStream => ({
      remote: stream.remote,
      frames: stream.frames,
      close: () => stream.close(),
      abort: (reason) => stream.abort(reason),
      send: (frame) => {
        this.sentFrames++
        this.sentBytes += frame.byteLength
        return stream.send(frame)
      },
    })
    return {
      self: mesh.self,
      start: (signal) => mesh.start(signal),
      stop: () => mesh.stop(),
      state: () => mesh.state(),
      onStateChange: (listener) => mesh.onStateChange(listener),
      subscribe: (...subscriber) => mesh.subscribe(...subscriber),
      publish: (frame) => mesh.publish(frame),
      handle: (protocol, max, handler) => mesh.handle(protocol, max, (stream) => handler(count(stream))),
      open: async (...target) => {
        this.openedStreams++
        return count(await mesh.open(...target))
      },
      wake: () => mesh.wake(),
    }
  }
}

async function openParts(options: JoinOptions = {}) {
  const clock = createVirtualClock()
  const network = createFakeNetwork({ clock, random: createDice(1, 0).fraction })
  const parts = [ASKER, EXECUTOR, VERIFIER].map((node) => new Part(network.join(node, options), clock))
  for (const { mesh } of parts) void mesh.start()
  await clock.advanceBy(100)
  const [asker, executor, verifier] = parts as [Part, Part, Part]
  for (const part of parts) part.watch()
  return { clock, network, asker, executor, verifier, parts }
}

test('ALIVE-2: a participant that crashes is lost to all others within 2 s, and nobody else is', async () => {
  const { clock, network, asker, executor, verifier } = await openParts()
  await clock.advanceBy(5000)
  expect([asker.lost, executor.lost, verifier.lost]).toEqual([[], [], []])
  network.silence(VERIFIER, true)
  await clock.advanceBy(900)
  expect([asker.lost, executor.lost]).toEqual([[], []])
  await clock.advanceBy(1100)
  expect([asker.lost, executor.lost]).toEqual([[VERIFIER], [VERIFIER]])
})

test('ALIVE-2: one that crashes as the session begins is lost just as soon', async () => {
  const { clock, network, asker } = await openParts()
  network.silence(EXECUTOR, true)
  await clock.advanceBy(2000)
  expect(asker.lost).toEqual([EXECUTOR])
})

test('ALIVE-2: the asker is watched too', async () => {
  const { clock, network, executor, verifier } = await openParts()
  network.silence(ASKER, true)
  await clock.advanceBy(2000)
  expect([executor.lost, verifier.lost]).toEqual([[ASKER], [ASKER]])
})

test.each([300, 900])('ALIVE-2: nobody is lost on links with a delay of %i ms each way', async (delayMs) => {
  const { clock, network, parts } = await openParts()
  // Such a link has been measured by then: a first beat tells how slow it is.
  for (let ms = 5; ms < delayMs; ms *= 1.5) {
    network.setConditions({ delayMs: { min: ms, max: ms } })
    await clock.advanceBy(10_000)
  }
  expect(parts.flatMap(({ lost }) => lost)).toEqual([])
})

test('ALIVE-2: a tab that stood still blames nobody, though all that it is sent is as late', async () => {
  const { clock, network, asker, executor } = await openParts()
  await clock.advanceBy(5000)
  network.setConditions({ delayMs: { min: 10_000, max: 10_000 } })
  asker.clock.halt(10_000)
  await clock.advanceBy(9_999)
  network.setConditions({ delayMs: { min: 1, max: 5 } })
  await clock.advanceBy(20_000)
  expect(asker.lost).toEqual([])
  // Whoever did not stand still had to take the same delay for a loss.
  expect(executor.lost).toEqual(expect.arrayContaining([ASKER, VERIFIER]))
  network.silence(VERIFIER, true)
  await clock.advanceBy(2000)
  expect(asker.lost).toEqual([VERIFIER])
})

test('ALIVE-4: who was lost wrongly is back as soon as it is heard', async () => {
  const { clock, network, asker, executor } = await openParts()
  await clock.advanceBy(1000)
  network.silence(EXECUTOR, true)
  await clock.advanceBy(4000)
  expect([asker.lost, asker.state.gone]).toEqual([[EXECUTOR], [EXECUTOR]])
  network.silence(EXECUTOR, false)
  await clock.advanceBy(6000)
  expect(asker.back).toEqual([EXECUTOR])
  expect([asker.state.gone, executor.state.gone]).toEqual([[], []])
})

test('ALIVE-3: a tab that is up without the session is gone from it, and from nothing else', async () => {
  const { clock, asker, executor } = await openParts()
  executor.end('failed')
  await clock.advanceBy(1000)
  expect(asker.state.gone).toEqual([EXECUTOR])
  expect(asker.lost).toEqual([])
  await clock.advanceBy(20_000)
  expect(asker.state.gone).toEqual([EXECUTOR])
})

test('ALIVE-3: a participant that has its verdict is there', async () => {
  const { clock, asker, executor } = await openParts()
  executor.end('answered')
  await clock.advanceBy(20_000)
  expect(asker.state.gone).toEqual([])
})

test('ALIVE-1: nothing is sent and no timer runs when the session is over, nor when the tab stops', async () => {
  const { clock, parts } = await openParts()
  await clock.advanceBy(5000)
  for (const part of parts) part.end('answered')
  await clock.advanceBy(1000)
  const sent = parts.map(({ sentFrames }) => sentFrames)
  expect(clock.pending).toBe(0)
  await clock.advanceBy(60_000)
  expect(parts.map(({ sentFrames }) => sentFrames)).toEqual(sent)

  const again = await openParts()
  await again.clock.advanceBy(5000)
  for (const { stopping } of again.parts) stopping.abort()
  await again.clock.advanceBy(1000)
  expect(again.clock.pending).toBe(0)
})

test('ALIVE-1: a session of less than half a second costs nothing', async () => {
  const { clock, parts } = await openParts()
  await clock.advanceBy(490)
  for (const part of parts) part.end('answered')
  await clock.advanceBy(10_000)
  expect(parts.map(({ openedStreams }) => openedStreams)).toEqual([0, 0, 0])
})

test('ALIVE-3: both ends of a pair use one stream, and send less than 100 bytes a second', async () => {
  const { clock, parts } = await openParts()
  await clock.advanceBy(60_000)
  const pairs = 3
  const bytes = parts.reduce((sum, { sentBytes }) => sum + sentBytes, 0) / pairs / 60
  console.log(`${Math.round(bytes)} bytes of beats a pair and second`)
  expect(bytes).toBeLessThan(100)
  expect(parts.reduce((sum, { openedStreams }) => sum + openedStreams, 0)).toBe(pairs)
})

test('ALIVE-1: without direct links, asker and participants find each other lost over the relay', async () => {
  const { clock, network, asker, executor } = await openParts({ kind: 'relayed' })
  await clock.advanceBy(10_000)
  expect([asker.lost, executor.lost]).toEqual([[], []])
  network.silence(VERIFIER, true)
  await clock.advanceBy(2000)
  expect([asker.lost, executor.lost]).toEqual([[VERIFIER], [VERIFIER]])
})
