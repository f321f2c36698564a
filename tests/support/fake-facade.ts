import type { ChatMessage, EngineOffer, Verdict } from '#core/protocol/messages.ts'
import type { NodeId, OperatorId, SessionId } from '#core/protocol/ids.ts'
import type { Digest } from '#core/protocol/ids.ts'
import { NamedError } from '#ports/named-error.ts'
import type { Settings, StoredChat, Table } from '#ports/store.ts'
import type {
  Answer,
  AskOptions,
  EngineStatus,
  ModelsStatus,
  ExecutorView,
  PeerView,
  SessionView,
  SwarmFacade,
  SwarmStatus,
  VerifierView,
  WaitReason,
} from '#shell/facade.ts'
import { createFakeChats } from './fake-chats.ts'
import { FakeModels } from './fake-models.ts'

/** A facade that plays sessions from a script, for the interface's tests and for looking at it. */

export interface Scene {
  /** Other tabs: how many, how many of them own, and how many relayed. */
  readonly peers?: number
  readonly ownPeers?: number
  readonly relayedPeers?: number
  /** Milliseconds between two events of a session. */
  readonly paceMs?: number
  /** Answers by executor; the second wins where there are two or more. */
  readonly answers?: readonly string[]
  /** `ask` fails with an error of this name, after the draft began. */
  readonly fails?: string
  /** Questions wait for this, and are not asked, until `release` is called. */
  readonly waitsFor?: WaitReason
  /** Sessions stop here until `release` is called. */
  readonly holdAt?: SessionView['stage']
  readonly lateVerifier?: boolean
  readonly engine?: EngineStatus
  readonly models?: ModelsStatus
  readonly phase?: SwarmStatus['mesh']['phase']
  /** Of the model's description. */
  readonly fallback?: string
  readonly storageProblem?: string
  readonly secureContext?: boolean
  readonly online?: boolean
  readonly lostAsleep?: SwarmStatus['lostAsleep']
  readonly settings?: Partial<Settings>
  /** Chats and settings survive a reload of the page. */
  readonly storage?: Storage
}

export const ANSWERS = [
  'Starlings gather at dusk because it is warmer and safer together.',
  'Starlings turn **together** because each one watches about *seven* neighbours, and copies them within a tenth of a second.\n\n' +
    '1. A turn starts anywhere, with any bird.\n2. Neighbours copy it at once.\n3. The wave crosses the flock faster than any bird flies.\n\n' +
    'Nobody leads. What looks like one mind is many small agreements.',
  'They follow the strongest bird.',
] as const

export const QUESTIONS = ['What is 2 + 2?', 'What is the capital of France?', 'What rhymes with cat?']

const hex = (seed: number, bytes: number) =>
  Array.from({ length: bytes }, (_, i) =>
    ((seed * 83 + i * i * 31 + i * 57 + 17 * ((seed >> 2) ^ i)) & 255).toString(16).padStart(2, '0'),
  ).join('')
const nodeId = (seed: number) => hex(seed, 32) as NodeId
const SELF = nodeId(1)

const OFFER: EngineOffer = {
  modelDigest: hex(200, 32) as Digest,
  modelName: 'starling-4m',
  engineClass: 'onnx-1/ort-1.30.0/wasm-cpu',
  tier: 0,
  contextTokens: 1024,
  prefillTokensPerSecond: 1900,
  decodeTokensPerSecond: 410,
  judgeTokensPerSecond: 410,
}

export class FakeFacade implements SwarmFacade {
  readonly chats: Table<string, StoredChat>
  readonly #scene: Scene
  readonly #listeners = new Set<() => void>()
  readonly #views = new Map<SessionId, SessionView>()
  #settings: Settings
  readonly models: FakeModels
  #roles: SwarmStatus['roles'] = []
  #release: () => void = () => undefined
  /** What was asked, in order. */
  readonly asked: (readonly ChatMessage[])[] = []

  constructor(scene: Scene = {}) {
    this.#scene = scene
    this.models = new FakeModels(scene.models ?? null, () => this.#changed())
    this.chats = createFakeChats(scene.storage)
    const kept = scene.storage?.getItem('fake:settings')
    const defaults: Settings = {
      onlyThisDevice: false,
      contribute: true,
      theme: 'system',
      noticeAccepted: false,
      chosenModel: null,
    }
    this.#settings = { ...defaults, ...scene.settings, ...(kept ? (JSON.parse(kept) as Settings) : {}) }
  }

  status(): SwarmStatus {
    const links = this.peers().flatMap((peer) => (peer.link ? [peer.link] : []))
    return {
      node: SELF,
      operator: hex(9, 32) as OperatorId,
      network: 'main',
      mesh: { phase: this.#scene.phase ?? 'connected', relay: 'connected', links },
      engine: this.#scene.engine ?? {
        phase: 'ready',
        busy: false,
        description: {
          ...OFFER,
          modelId: 'starling-4m',
          instrument: 'likelihood',
          fallback: this.#scene.fallback ?? null,
        },
      },
      models: this.models.status,
      family: {
        name: 'Starling',
        members: [{ id: 'starling-4m', kind: 'general', summary: 'Knows a little of everything in its small world.' }],
        questions: QUESTIONS,
      },
      roles: this.#roles,
      settings: this.#settings,
      storageProblem: this.#scene.storageProblem ?? null,
      secureContext: this.#scene.secureContext ?? true,
      online: this.#scene.online ?? true,
      lostAsleep: this.#scene.lostAsleep ?? null,
      counters: {},
    }
  }

  peers(): readonly PeerView[] {
    const { peers = 0, ownPeers = 0, relayedPeers = 0 } = this.#scene
    return Array.from({ length: peers }, (_, i) => ({
      node: nodeId(i + 2),
      operator: hex(i < ownPeers ? 9 : 20 + i, 32) as OperatorId,
      own: i < ownPeers,
      link: {
        node: nodeId(i + 2),
        kind: i >= peers - relayedPeers ? 'relayed' : 'direct',
        roundTripMs: 3 + ((i * 29) % 90),
      },
      engines: [{ ...OFFER, decodeTokensPerSecond: 120 + ((i * 97) % 500) }],
      visibility: i % 4 === 3 ? 'hidden' : 'visible',
      executes: true,
      verifies: i % 5 !== 4,
    }))
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  async ask(messages: readonly ChatMessage[], options: AskOptions = {}): Promise<Answer> {
    await this.#wait(options)
    this.asked.push(messages)
    const session = hex(40 + this.#views.size + this.asked.length, 16) as SessionId
    options.onSession?.(session)
    return this.#play(session, options)
  }

  resume(session: SessionId, options: AskOptions = {}): Promise<Answer> | null {
    return this.#scene.storage?.getItem(`fake:running:${session}`) ? this.#play(session, options) : null
  }

  session(session: SessionId): Promise<SessionView | null> {
    const kept = this.#scene.storage?.getItem(`fake:view:${session}`)
    return Promise.resolve(this.#views.get(session) ?? (kept ? (JSON.parse(kept) as SessionView) : null))
  }

  transcript(session: SessionId) {
    return Promise.resolve({ name: `tabswarm-${session.slice(0, 8)}.cbor`, bytes: new TextEncoder().encode(session) })
  }

  changeSettings(change: Partial<Settings>): Promise<void> {
    this.#settings = { ...this.#settings, ...change }
    this.#scene.storage?.setItem('fake:settings', JSON.stringify(this.#settings))
    this.#changed()
    return Promise.resolve()
  }

  retryEngine(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  /** Lets a question that waits, or a session that `holdAt` holds, go on. */
  release() {
    this.#release()
  }

  #changed() {
    for (const listener of this.#listeners) listener()
  }

  async #play(session: SessionId, options: AskOptions): Promise<Answer> {
    const { peers = 0, fails } = this.#scene
    const storage = this.#scene.storage
    storage?.setItem(`fake:running:${session}`, '1')
    this.#roles = [{ session, role: 'leader' }]
    this.#changed()
    try {
      const alone = peers === 0 || this.#settings.onlyThisDevice
      let view = { ...openView(session), ...(alone ? { executors: [executor(SELF, true)] } : {}) }
      const tell = async (change: Partial<SessionView>) => {
        view = { ...view, ...change }
        this.#views.set(session, view)
        options.onProgress?.(view)
        await this.#pause(options.signal)
        if (change.stage && change.stage === this.#scene.holdAt) await this.#hold(options.signal)
      }
      const texts = this.#scene.answers ?? ANSWERS
      const final = alone
        ? await this.#playAlone(texts[1] ?? texts[0] ?? '', options, tell)
        : await this.#playSwarm(texts, options, tell)
      if (fails) throw Object.assign(new NamedError('as the scene says'), { name: fails })
      await tell({ ...final, stage: 'done' })
      const { winner } = view
      storage?.setItem(`fake:view:${session}`, JSON.stringify(view))
      const text = view.executors.find((seat) => seat.node === winner)?.text ?? ''
      return { text, session, verdict: view.verdict, view }
    } catch (error) {
      const outcome = options.signal?.aborted ? 'cancelled' : 'failed'
      const view = { ...(this.#views.get(session) ?? openView(session)), outcome, stage: 'done' } as const
      this.#views.set(session, view)
      options.onProgress?.(view)
      throw error
    } finally {
      storage?.removeItem(`fake:running:${session}`)
      this.#roles = []
      this.#changed()
    }
  }

  async #playAlone(text: string, options: AskOptions, tell: Tell): Promise<Partial<SessionView>> {
    await tell({ stage: 'execute' })
    await this.#write(SELF, text, options)
    const seat = { ...executor(SELF, true), state: 'revealed', text, tokens: 96, durationMs: 790 } as const
    return { executors: [seat], winner: SELF, outcome: 'alone', durationsMs: { execute: 790 } }
  }

  async #playSwarm(texts: readonly string[], options: AskOptions, tell: Tell): Promise<Partial<SessionView>> {
    const { lateVerifier = false } = this.#scene
    const everyone = this.peers()
    const executors = [nodeId(1), ...everyone.map(({ node }) => node)].slice(
      0,
      everyone.length === 1 ? 1 : everyone.length < 4 ? 2 : 3,
    )
    const rest = everyone.filter(({ node }) => !executors.includes(node))
    const verifiers = (rest.length > 0 ? rest : everyone).slice(0, 5)
    const own = (node: NodeId) => node === SELF || (everyone.find((peer) => peer.node === node)?.own ?? false)
    const winner = executors[Math.min(1, executors.length - 1)] ?? SELF

    await tell({ stage: 'advertise' })
    for (let i = 1; i <= everyone.length; i++) await tell({ joined: everyone.slice(0, i).map(({ node }) => node) })
    let answers: ExecutorView[] = executors.map((node) => executor(node, own(node)))
    let judges: VerifierView[] = verifiers.map(({ node }) => verifier(node, own(node)))
    // The first draft is the third answer's, so that another one wins in the end.
    const drafting = this.#write(executors.at(-1) ?? SELF, texts[(executors.length - 1) % texts.length] ?? '', options)
    await tell({ stage: 'execute', executors: answers, verifiers: judges })
    await drafting
    for (const seat of executors) {
      answers = answers.map((each) => (each.node === seat ? { ...each, state: 'committed' } : each))
      await tell({ executors: answers })
    }
    answers = answers.map((each, i) => {
      const text = texts[i % texts.length] ?? ''
      return { ...each, state: 'revealed', text, tokens: 24 + text.length, durationMs: 640 + i * 90 }
    })
    judges = judges.map((each) => ({ ...each, state: 'working' }))
    await tell({ stage: 'verify', executors: answers, verifiers: judges, commitmentsChecked: answers.length })
    for (const [i, seat] of verifiers.entries()) {
      const late = lateVerifier && i === verifiers.length - 1
      judges = judges.map((each) => (each.node === seat.node ? { ...each, state: late ? 'late' : 'committed' } : each))
      await tell({ verifiers: judges })
    }
    const score = (executor: number, judge: number) =>
      ([6420, 8130, 3170][executor % 3] ?? 0) + ((judge * 331) % 900) - 400
    judges = judges.map((each, j) =>
      each.state === 'late'
        ? each
        : {
            ...each,
            state: 'revealed',
            instrument: 'likelihood',
            scores: Object.fromEntries(executors.map((node, e) => [node, score(e, j)])),
          },
    )
    const counted = judges.filter((each) => each.state === 'revealed')
    const ranking = executors
      .map((node, i) => ({
        node,
        answer: hex(100 + i, 32) as Digest,
        aggregate: Math.floor(
          counted.reduce((sum, each) => sum + (each.scores[node] ?? 0), 0) / Math.max(1, counted.length),
        ),
        judges: counted.length,
      }))
      .sort((a, b) => b.aggregate - a.aggregate)
    const independent = counted.filter((each) => !each.own).length
    const verdict: Verdict = {
      winner,
      answer: ranking[0]?.answer ?? null,
      ranking,
      margin: (ranking[0]?.aggregate ?? 0) - (ranking[1]?.aggregate ?? 0),
      independence: { independentVerifiers: independent, verifiers: counted.length },
      doubtful: counted.length === 1 ? ['one-verifier'] : [],
    }
    await tell({ stage: 'finalize', verifiers: judges, commitmentsChecked: answers.length + counted.length })
    return {
      outcome: 'answered',
      verdict,
      winner,
      doubtful: verdict.doubtful,
      independence: independent === 0 ? 'own-tabs' : independent < counted.length ? 'partly' : 'independent',
      durationsMs: { advertise: 120, execute: 830, verify: 240, finalize: 12 },
    }
  }

  async #write(node: NodeId, text: string, options: AskOptions) {
    const words = text.split(/(?<=\s)/)
    for (let i = 1; i <= words.length; i++) {
      options.onDraft?.({ node, text: words.slice(0, i).join('') })
      if (i % 4 === 0) await this.#pause(options.signal)
    }
  }

  #pause(signal?: AbortSignal): Promise<void> {
    const { paceMs = 0 } = this.#scene
    return abortable((done) => void setTimeout(done, paceMs), signal)
  }

  async #wait({ signal, onWaiting }: AskOptions): Promise<void> {
    const { waitsFor } = this.#scene
    if (!waitsFor) return
    onWaiting?.(waitsFor)
    await this.#hold(signal).finally(() => onWaiting?.(null))
  }

  #hold(signal?: AbortSignal): Promise<void> {
    return abortable((done) => (this.#release = done), signal)
  }
}

type Tell = (change: Partial<SessionView>) => Promise<void>

function abortable(start: (done: () => void) => void, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason)
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
    start(resolve)
  })
}

function openView(session: SessionId): SessionView {
  return {
    session,
    stage: 'advertise',
    outcome: 'running',
    error: null,
    leader: SELF,
    term: 0,
    joined: [],
    executors: [],
    verifiers: [],
    verdict: null,
    winner: null,
    independence: 'none',
    doubtful: [],
    commitmentsChecked: 0,
    objections: 0,
    durationsMs: {},
    droppedTurns: 0,
    aloneModel: null,
  }
}

function executor(node: NodeId, own: boolean): ExecutorView {
  return { node, own, model: OFFER.modelName, tier: OFFER.tier, state: 'working', text: null, tokens: 0, durationMs: 0 }
}

function verifier(node: NodeId, own: boolean): VerifierView {
  return { node, own, model: OFFER.modelName, tier: OFFER.tier, state: 'waiting', instrument: null, scores: {} }
}
