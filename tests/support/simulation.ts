import { createCrypto } from '#adapters/crypto/create-crypto.ts'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { replayTranscript } from '#core/session/replay.ts'
import { decodeTranscript } from '#core/session/transcript.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Answer } from '#shell/facade.ts'
import { openTextWith } from '#shell/sealing.ts'
import { createFakeCrypto } from './fake-crypto.ts'
import type { FakeEngineOptions } from './fake-engine.ts'
import { createFakeProfile, type FakeProfile } from './fake-key-store.ts'
import { rightWord } from './fake-knowledge.ts'
import { createFakeNetwork, type FakeNetwork } from './fake-mesh.ts'
import { shareVerification } from './shared-verification.ts'
import { createDice, type Dice } from './sim-dice.ts'
import { engineWith, type Mind } from './sim-mind.ts'
import { SimNode } from './sim-node.ts'
import { ALL_TROUBLES, Troublemaker, type Troubles } from './sim-troubles.ts'
import { Witness } from './sim-witness.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

export interface SimulationOptions {
  readonly seed: number
  readonly nodes: number
  readonly sessions: number
  /** `real`: Ed25519, X25519 and ChaCha20-Poly1305, all computed by the microtask. Default: `cheap`. */
  readonly crypto?: 'cheap' | 'real'
  readonly troubles?: Troubles
  /** Mean time between two questions, in ms. */
  readonly questionEveryMs?: number
  /** Share of questions that are stopped by their asker. */
  readonly cancelled?: number
  /** How many nodes share their operator with another one. */
  readonly sharedOperators?: number
  readonly prompt?: (index: number) => string
  /** Deadlines follow from it. Default: room for a fake answer, which has a dozen tokens. */
  readonly maxTokens?: number
  readonly engine?: Omit<FakeEngineOptions, 'clock'>
  /** What sets a node's engine apart from the others'. */
  readonly engineOf?: (index: number) => Omit<FakeEngineOptions, 'clock'>
  /** A real model that thinks in place of a node's engine, which takes its time on the virtual clock all the same. */
  readonly mindOf?: (index: number) => Mind | null
  readonly isRight?: (prompt: string, text: string) => boolean
  /** Called when the asker has its answer, while the session is still known. */
  readonly onAnswer?: (asked: Asked, answer: Answer) => void
  /** Called now and then, with the number of questions asked so far. */
  readonly onProgress?: (asked: number) => void
}

/** How one question ended. */
export interface Asked {
  readonly index: number
  readonly asker: SimNode
  readonly askedAtMs: number
  readonly prompt: string
  session: SessionId | null
  /** `answered`, `alone`, or an error's name; `gone` where the asker's tab did not live to see it. Null while it runs. */
  ending: string | null
  endedAtMs: number
  right: boolean
}

export interface SimulationReport {
  readonly seed: number
  readonly asked: readonly Asked[]
  readonly violations: readonly string[]
  /** SHA-256 over everything that was said, and when. */
  readonly eventHash: string
  readonly virtualMs: number
  readonly said: Readonly<Record<string, number>>
  readonly counters: Readonly<Record<string, number>>
  readonly troubles: Readonly<Record<string, number>>
  readonly replayed: number
  /** Sessions of which connected participants went by different verdicts. */
  readonly disagreements: number
  /** Verdicts that somebody else reached for an asker. */
  readonly takeovers: number
  /** By all nodes together; presence not counted. */
  readonly sessionBytes: number
  /** The same by type of message. */
  readonly bytesByType: Readonly<Record<string, number>>
  readonly publishedBytes: number
  readonly receivedBytes: number
  /** Frames of gossip that were handed to a node, presence included. */
  readonly receivedFrames: number
  /** Timers left when every tab was closed. */
  readonly timersLeft: number
}

const NETWORK = 'simulation'

/** Errors that a question may end with, besides an answer. */
const NAMED_ENDINGS = [
  'answered',
  'alone',
  'gone',
  'AbortError',
  'NoEngineError',
  'SessionFailedError',
  'TooManyQuestionsError',
]

/** No question may take longer, whatever happens to it. */
const LONGEST_QUESTION_MS = 180_000

/** When a session is forgotten by all, at the latest. */
const FORGOTTEN_AFTER_MS = 900_000

const WARM_UP_MS = 5000

/** Questions between two words of progress. */
const PROGRESS_EVERY = 100

/** Runs one world to its end. Same options, same report. */
export async function runSimulation(options: SimulationOptions): Promise<SimulationReport> {
  return new Simulation(options).run()
}

class Simulation {
  readonly #options: Required<SimulationOptions>
  readonly #clock: VirtualClock = createVirtualClock()
  readonly #crypto: Crypto
  readonly #network: FakeNetwork
  readonly #witness: Witness
  readonly #dice: Dice
  readonly #nodes: SimNode[] = []
  readonly #asked: Asked[] = []
  readonly #troublemaker: Troublemaker
  #replayed = 0

  constructor(options: SimulationOptions) {
    this.#options = {
      crypto: 'cheap',
      troubles: ALL_TROUBLES,
      questionEveryMs: 12_000 / options.nodes,
      cancelled: 0.04,
      sharedOperators: Math.floor(options.nodes / 5),
      prompt: (index) => `question ${options.seed}/${index}`,
      maxTokens: 48,
      engine: {},
      engineOf: () => ({}),
      mindOf: () => null,
      isRight: (prompt, text) => text.includes(rightWord(prompt)),
      onAnswer: () => undefined,
      onProgress: () => undefined,
      ...options,
    }
    const { seed, nodes, crypto, troubles } = this.#options
    this.#dice = createDice(seed, 1)
    this.#crypto = shareVerification(crypto === 'real' ? createCrypto({ subtle: undefined }) : createFakeCrypto())
    const networkDice = createDice(seed, 2)
    this.#network = createFakeNetwork({ clock: this.#clock, random: networkDice.fraction })
    this.#witness = new Witness(this.#clock, NETWORK)
    for (let index = 0; index < nodes; index++) this.#nodes.push(this.#createNode(index))
    this.#troublemaker = new Troublemaker({
      clock: this.#clock,
      network: this.#network,
      networkName: NETWORK,
      nodes: this.#nodes,
      dice: createDice(seed, 3),
      witness: this.#witness,
      troubles,
      closed: (node) => this.#tabGone(node),
      reopened: (node) => this.#takeUpAgain(node),
    })
  }

  async run(): Promise<SimulationReport> {
    await this.#openAll()
    this.#troublemaker.start()
    await this.#askAll()
    this.#troublemaker.stop()
    await this.#awaitForgetting()
    this.#checkEndings()
    const traffic = this.#nodes.map(({ id }) => this.#network.traffic(id as NodeId))
    await this.#closeAll()
    return {
      seed: this.#options.seed,
      asked: this.#asked,
      violations: this.#witness.violations,
      eventHash: this.#witness.eventHash,
      virtualMs: this.#clock.now(),
      said: this.#witness.said,
      counters: this.#counters(),
      troubles: this.#troublemaker.counts,
      replayed: this.#replayed,
      disagreements: this.#witness.disagreements().length,
      takeovers: this.#witness.takeovers,
      sessionBytes: this.#witness.sessionBytes,
      bytesByType: this.#witness.bytesByType,
      publishedBytes: traffic.reduce((sum, { publishedBytes }) => sum + publishedBytes, 0),
      receivedBytes: traffic.reduce((sum, { receivedBytes }) => sum + receivedBytes, 0),
      receivedFrames: traffic.reduce((sum, { receivedFrames }) => sum + receivedFrames, 0),
      timersLeft: this.#clock.pending,
    }
  }

  // ---- the world ----

  #createNode(index: number): SimNode {
    const { seed, sharedOperators, engine, engineOf } = this.#options
    const mind = this.#options.mindOf(index)
    const dice = createDice(seed, 1000 + index)
    const shared = index < 2 * sharedOperators
    return new SimNode({
      name: `node ${index}`,
      profile: this.#profileOf(shared ? index >> 1 : index),
      slot: shared ? index & 1 : 0,
      clock: this.#clock,
      network: this.#network,
      networkName: NETWORK,
      crypto: this.#crypto,
      dice,
      link: index % 10 === 9 ? 'relayed' : 'direct',
      engine: {
        seed: seed * 1000 + index,
        skill: dice.between(0.4, 0.9),
        msPerToken: dice.between(4, 60),
        judgeMs: dice.between(20, 200),
        modelId: `model-${index % 3}`,
        ...engine,
        ...engineOf(index),
        ...(mind && engineWith(mind, this.#clock)),
      },
      decode: this.#witness.decode,
      watch: this.#witness,
    })
  }

  readonly #profiles = new Map<number, FakeProfile>()

  #profileOf(owner: number): FakeProfile {
    let profile = this.#profiles.get(owner)
    if (!profile) this.#profiles.set(owner, (profile = createFakeProfile(`owner ${owner}`, this.#crypto)))
    return profile
  }

  /** Some come late. */
  async #openAll(): Promise<void> {
    const start = this.#clock.now()
    for (const [index, node] of this.#nodes.entries()) {
      const late = index >= 8 && index % 6 === 5
      const at = start + (late ? this.#dice.between(0, 60_000) : this.#dice.between(0, 500))
      this.#clock.setTimer(at, () => {
        if (!node.isOpen) void node.open()
      })
    }
    await this.#runUntil(start + WARM_UP_MS)
  }

  async #askAll(): Promise<void> {
    const { sessions, questionEveryMs, onProgress } = this.#options
    for (let index = 0; index < sessions; index++) {
      const waitMs = -questionEveryMs * Math.log(1 - this.#dice.fraction())
      await this.#runUntil(this.#clock.now() + waitMs)
      this.#askOne(index)
      if ((index + 1) % PROGRESS_EVERY === 0) onProgress(index + 1)
    }
    const lastAt = this.#clock.now()
    while (this.#asked.some(({ ending }) => ending === null) && this.#clock.now() < lastAt + LONGEST_QUESTION_MS) {
      await this.#runUntil(this.#clock.now() + 1000)
    }
  }

  #askOne(index: number): void {
    const open = this.#nodes.filter((node) => node.tab)
    const asker = this.#dice.pick(open)
    const stop = new AbortController()
    const asked: Asked = {
      index,
      asker,
      askedAtMs: this.#clock.now(),
      prompt: this.#options.prompt(index),
      session: null,
      ending: null,
      endedAtMs: 0,
      right: false,
    }
    this.#asked.push(asked)
    if (this.#dice.chance(this.#options.cancelled)) {
      const after = this.#dice.between(0, 2500)
      this.#clock.setTimer(this.#clock.now() + after, () => {
        this.#witness.touched(asker)
        stop.abort(new DOMException('stopped by the asker', 'AbortError'))
      })
    }
    const answer = asker.tab?.shell.ask([{ role: 'user', content: asked.prompt }], {
      signal: stop.signal,
      maxTokens: this.#options.maxTokens,
      onSession: (session) => (asked.session = session),
    })
    if (answer) this.#follow(asked, answer)
    this.#witness.touched(asker)
  }

  #follow(asked: Asked, answer: Promise<Answer>): void {
    answer.then(
      (whole) => {
        const { verdict, text, session } = whole
        // A question that a reload cut off before anybody had it is asked anew.
        asked.session = session
        asked.right = this.#options.isRight(asked.prompt, text)
        this.#end(asked, verdict ? 'answered' : 'alone')
        this.#options.onAnswer(asked, whole)
      },
      (error: Error) => this.#end(asked, error.name),
    )
  }

  #end(asked: Asked, ending: string): void {
    if (asked.ending !== null) return
    asked.ending = ending
    asked.endedAtMs = this.#clock.now()
    this.#witness.note(`question ${asked.index} ${ending} ${asked.right}`)
    if (!NAMED_ENDINGS.includes(ending)) this.#witness.violated('I5', `question ${asked.index} ended with ${ending}`)
  }

  /** What a closed tab had asked may be taken up again when it is opened again. */
  #tabGone(node: SimNode): void {
    for (const asked of this.#asked) if (asked.asker === node && asked.ending === null) asked.ending = 'gone'
  }

  #takeUpAgain(node: SimNode): void {
    for (const asked of this.#asked) {
      if (asked.asker !== node || asked.ending !== 'gone' || !asked.session) continue
      const answer = node.tab?.shell.resume(asked.session)
      if (!answer) continue
      asked.ending = null
      this.#troublemaker.counts.resumed = (this.#troublemaker.counts.resumed ?? 0) + 1
      this.#follow(asked, answer)
    }
  }

  /** Fires timers one at a time, and looks at all that each has touched. */
  async #runUntil(atMs: number): Promise<void> {
    await this.#clock.settle()
    this.#witness.check()
    for (let next = this.#clock.nextAt(); next !== null && next <= atMs; next = this.#clock.nextAt()) {
      this.#clock.runNext()
      await this.#clock.settle()
      this.#witness.check()
    }
    await this.#clock.advanceTo(atMs)
  }

  // ---- the end ----

  async #awaitForgetting(): Promise<void> {
    const latestMs = this.#clock.now() + FORGOTTEN_AFTER_MS
    while (this.#nodes.some((node) => node.states.length > 0) && this.#clock.now() < latestMs) {
      await this.#runUntil(this.#clock.now() + 5000)
    }
  }

  #checkEndings(): void {
    for (const { index, ending, askedAtMs } of this.#asked) {
      if (ending === null) this.#witness.violated('I5', `question ${index}, asked at ${askedAtMs}, never ended`)
    }
    for (const node of this.#nodes) {
      const left = node.states.length
      if (left > 0) this.#witness.violated('I5', `${node.name} still holds ${left} sessions`)
    }
    for (const { session, verdicts } of this.#witness.disagreements()) {
      const sides = [...verdicts.values()].map((side) =>
        side.map(({ node, term }) => `${node.name} (${term})`).join(', '),
      )
      this.#witness.violated('I2', `session ${session} has two verdicts: ${sides.join(' against ')}`)
    }
  }

  async #closeAll(): Promise<void> {
    for (const asked of this.#asked) if (asked.ending === 'answered') await this.#replay(asked)
    for (const node of this.#nodes) void node.leave()
    await this.#runUntil(this.#clock.now() + 10_000)
  }

  /** I7: the transcript of an answered session replays to its verdict, on whichever node has it. */
  async #replay({ asker, session, index }: Asked): Promise<void> {
    const file = session && (await asker.tab?.shell.transcript(session))
    if (!file) return
    const decoded = decodeTranscript(file.bytes)
    if (!decoded.ok) return this.#witness.violated('I7', `transcript of question ${index} is ${decoded.problem}`)
    const report = await replayTranscript(decoded.transcript, {
      verify: (signer, bytes, signature) => this.#crypto.verify(signer, bytes, signature),
      opener: (key, session, from) => openTextWith(this.#crypto, key, session, from),
    })
    this.#replayed++
    const failed = report.steps.filter((step) => !step.ok).map((step) => step.detail)
    if (!report.ok) this.#witness.violated('I7', `transcript of question ${index}: ${failed.join(' ')}`)
  }

  #counters(): Record<string, number> {
    const sum: Record<string, number> = {}
    for (const { counts } of this.#nodes) {
      for (const [name, count] of Object.entries(counts)) sum[name] = (sum[name] ?? 0) + count
    }
    return sum
  }
}
