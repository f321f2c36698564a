import { createFakeCrypto } from './fake-crypto.ts'
import { createFakeProfile } from './fake-key-store.ts'
import { createFakeNetwork } from './fake-mesh.ts'
import { shareVerification } from './shared-verification.ts'
import { createDice } from './sim-dice.ts'
import { SimNode } from './sim-node.ts'
import { Witness } from './sim-witness.ts'
import { createVirtualClock, type VirtualClock } from './virtual-clock.ts'

const NETWORK = 'load'

/** How somebody asks. */
export interface AskerScript {
  /** Which of the world's nodes. */
  readonly node: number
  /** Questions that it has out at a time: the next one goes out when one of them has ended. */
  readonly atOnce: number
  /** How many in all; `Infinity` for as long as others ask. */
  readonly questions: number
}

export interface LoadWorldOptions {
  readonly seed: number
  readonly nodes: number
  readonly askers: readonly AskerScript[]
  /** Of each node's engine; the same everywhere where one number is given. */
  readonly msPerToken: number | readonly number[]
  readonly answerTokens: number
  /** To judge one answer. */
  readonly judgeMs: number
  /** Which nodes belong to one person, by owner; a node that is not named is somebody's of its own. */
  readonly owners?: Readonly<Record<number, string>>
}

export interface LoadedQuestion {
  readonly node: number
  readonly askedAtMs: number
  readonly tookMs: number
  /** `answered`, `alone`, or an error's name. */
  readonly ending: string
  readonly executors: number
  readonly verifiers: number
}

export interface LoadReport {
  readonly questions: readonly LoadedQuestion[]
  readonly violations: readonly string[]
  /** From the first question to the last answer. */
  readonly lastedMs: number
  readonly counters: Readonly<Record<string, number>>
  readonly said: Readonly<Record<string, number>>
}

/** Longer than any question may take. */
const LONGEST_MS = 600_000

/** Real shells in virtual time on a calm network, with engines of known speed, and people who ask by script. */
export async function runLoadWorld(options: LoadWorldOptions): Promise<LoadReport> {
  const clock = createVirtualClock()
  const crypto = shareVerification(createFakeCrypto())
  const witness = new Witness(clock, NETWORK)
  const network = createFakeNetwork({ clock, random: createDice(options.seed, 0).fraction })
  const profiles = new Map<string, ReturnType<typeof createFakeProfile>>()
  const words = Array.from({ length: options.answerTokens }, (_, index) => `word${index}`).join(' ')
  const nodes = Array.from({ length: options.nodes }, (_, index) => {
    const owner = options.owners?.[index] ?? `owner ${index}`
    const profile = profiles.get(owner) ?? createFakeProfile(owner, crypto)
    profiles.set(owner, profile)
    const { msPerToken, judgeMs } = options
    return new SimNode({
      name: `node ${index}`,
      profile,
      slot: index,
      clock,
      network,
      networkName: NETWORK,
      crypto,
      dice: createDice(options.seed, 1 + index),
      link: 'direct',
      engine: {
        seed: index,
        msPerToken: typeof msPerToken === 'number' ? msPerToken : (msPerToken[index % msPerToken.length] ?? 10),
        judgeMs,
        contextTokens: 4096,
        answer: () => words,
      },
      decode: witness.decode,
      watch: witness,
    })
  })
  for (const node of nodes) void node.open()
  await advance(clock, witness, clock.now() + 5000)
  const askers = options.askers.map((script) => new Asker(script, nodes, clock, witness))
  const startedMs = clock.now()
  const modest = askers.filter(({ script }) => Number.isFinite(script.questions))
  for (const asker of askers) asker.start()
  while (modest.some(({ isDone }) => !isDone) && clock.now() < startedMs + LONGEST_MS) {
    await advance(clock, witness, clock.now() + 100)
  }
  const lastedMs = Math.max(...modest.map(({ endedAtMs }) => endedAtMs)) - startedMs
  for (const asker of askers) asker.stop()
  const deadlineMs = clock.now() + LONGEST_MS
  while (askers.some(({ out }) => out > 0) && clock.now() < deadlineMs) {
    await advance(clock, witness, clock.now() + 1000)
  }
  for (const asker of askers) {
    if (asker.out > 0) witness.violated('I5', `${asker.out} questions of node ${asker.script.node} never ended`)
  }
  const counters: Record<string, number> = {}
  for (const { counts } of nodes)
    for (const [name, count] of Object.entries(counts)) counters[name] = (counters[name] ?? 0) + count
  for (const node of nodes) void node.leave()
  await advance(clock, witness, clock.now() + 10_000)
  return {
    questions: askers.flatMap(({ ended }) => ended),
    violations: witness.violations,
    lastedMs,
    counters,
    said: witness.said,
  }
}

async function advance(clock: VirtualClock, witness: Witness, atMs: number): Promise<void> {
  await clock.settle()
  witness.check()
  for (let next = clock.nextAt(); next !== null && next <= atMs; next = clock.nextAt()) {
    clock.runNext()
    await clock.settle()
    witness.check()
  }
  await clock.advanceTo(atMs)
}

class Asker {
  readonly script: AskerScript
  readonly ended: LoadedQuestion[] = []
  out = 0
  endedAtMs = 0
  readonly #node: SimNode
  readonly #clock: VirtualClock
  readonly #witness: Witness
  #asked = 0

  constructor(script: AskerScript, nodes: readonly SimNode[], clock: VirtualClock, witness: Witness) {
    const node = nodes[script.node]
    if (!node) throw new RangeError(`there is no node ${script.node}`)
    this.script = script
    this.#node = node
    this.#clock = clock
    this.#witness = witness
  }

  get isDone(): boolean {
    return this.ended.length >= this.script.questions
  }

  start(): void {
    while (this.out < this.script.atOnce && this.#asked < this.script.questions) this.#ask()
  }

  /** Asks nothing more. */
  stop(): void {
    this.#asked = Infinity
  }

  #ask(): void {
    const askedAtMs = this.#clock.now()
    const index = this.#asked++
    this.out++
    const content = `question ${this.script.node}/${index}`
    const end = (ending: string, executors = 0, verifiers = 0) => {
      this.out--
      this.endedAtMs = this.#clock.now()
      const tookMs = this.endedAtMs - askedAtMs
      this.ended.push({ node: this.script.node, askedAtMs, tookMs, ending, executors, verifiers })
      this.start()
    }
    const asked = this.#node.tab?.shell.ask([{ role: 'user', content }], { maxTokens: 256 })
    this.#witness.touched(this.#node)
    asked?.then(
      ({ verdict, view }) => end(verdict ? 'answered' : 'alone', view.executors.length, view.verifiers.length),
      (error: Error) => end(error.name),
    )
  }
}
