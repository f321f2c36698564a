import type { decodeEnvelope, Envelope } from '#core/protocol/envelope.ts'
import type { SessionId } from '#core/protocol/ids.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import type { SessionState } from '#core/session/state.ts'
import type { Clock } from '#ports/clock.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Device } from '#ports/device.ts'
import type { Engine } from '#ports/engine.ts'
import type { Identity } from '#ports/key-store.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Random } from '#ports/random.ts'
import type { Settings, Store } from '#ports/store.ts'
import { Absence } from './absence.ts'
import { AskingDesk } from './asking-desk.ts'
import { AwakeClock } from './awake-clock.ts'
import { receiveDrafts } from './drafts.ts'
import { EngineDesk } from './engine-desk.ts'
import type {
  Answer,
  AskOptions,
  PeerView,
  SessionView,
  SwarmFacade,
  SwarmStatus,
  TranscriptFile,
  ModelFamily,
  ModelVerbs,
} from './facade.ts'
import { serveFetches } from './fetching.ts'
import { Gatekeeper } from './gatekeeper.ts'
import { choiceIn, ModelDesk, type LargerModels } from './model-desk.ts'
import { Neighbours } from './neighbours.ts'
import { peersOf, statusOf } from './node-view.ts'
import { offerOf } from './offer.ts'
import { Outbox } from './outbox.ts'
import { PresenceDesk } from './presence-desk.ts'
import { Resumer } from './resumer.ts'
import { SessionArchive } from './session-archive.ts'
import { SessionDesk } from './session-desk.ts'
import { SpeedWatch } from './speed-watch.ts'
import { Storyteller } from './storyteller.ts'

export interface SwarmNodeInit {
  readonly identity: Identity
  readonly network: string
  readonly mesh: Mesh
  readonly engine: Engine
  readonly store: Store
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly device: Device
  readonly logger: Logger
  /** Where many nodes share one process: the decoder, made to remember what it decoded for another of them. */
  readonly decode?: typeof decodeEnvelope
  readonly family?: ModelFamily | null
  readonly largerModels?: LargerModels
  /** Which model to load, given how many nodes are known to serve each (by model name). */
  chooseModel(served: Readonly<Record<string, number>>): string
}

/** How long a tab looks around before it chooses which model to load. */
const LOOK_AROUND_MS = 700

/** Several changes within this time are told at once. */
const NOTIFY_MS = 16

/**
 * One node: wires the mesh to the sessions, and is what the interface holds. All deciding is the core's.
 *
 * Invariants: 1. every frame passes the gatekeeper before anything else sees it; 2. with "only this device", nothing
 * of a question leaves it; 3. `stop` leaves no timer, stream or job behind.
 */
export class SwarmNode implements SwarmFacade {
  readonly #init: SwarmNodeInit
  readonly #gatekeeper: Gatekeeper
  readonly #engine: EngineDesk
  readonly #models: ModelDesk | null
  readonly #presence: PresenceDesk
  readonly #sessions: SessionDesk
  readonly #archive: SessionArchive
  readonly #story: Storyteller
  readonly #asking: AskingDesk
  readonly #neighbours: Neighbours
  readonly #verified = new WeakMap<Uint8Array, Envelope>()
  readonly #listeners = new Set<() => void>()
  readonly #cleanups: (() => void)[] = []
  readonly #resumer: Resumer
  readonly #absence: Absence
  readonly #speeds: SpeedWatch
  readonly #stopping = new AbortController()
  /** Resolves when a model was loaded, or could not be. */
  #engineTried: Promise<void> = Promise.resolve()
  #settings: Settings
  #notifying = false

  private constructor(given: SwarmNodeInit, outbox: Outbox, settings: Settings) {
    const init = { ...given, clock: new AwakeClock(given.clock) }
    this.#init = init
    this.#settings = settings
    const { clock, logger, store, engine, identity, device } = init
    this.#gatekeeper = new Gatekeeper(init)
    this.#archive = new SessionArchive(identity.node, store, clock, logger)
    const onChange = () => this.#changed()
    const onEngine = () => {
      this.#absence.engineChanged(this.#engine.status)
      this.#speeds.engineChanged()
    }
    this.#engine = new EngineDesk(engine, clock, onEngine, () => this.#sessions.idle)
    this.#speeds = new SpeedWatch({
      clock,
      desk: this.#engine,
      contributes: () => this.#contributes,
      announce: () => this.#presence.announce(),
    })
    const choice = choiceIn({ get: () => this.#settings, change: (change) => this.changeSettings(change) })
    const switching = { device, desk: this.#engine, choice, onChange, onSwitched: () => this.#presence.announce() }
    this.#models = init.largerModels ? new ModelDesk({ ...init.largerModels, ...switching }) : null
    this.#presence = new PresenceDesk({
      ...init,
      outbox,
      describeSelf: () => this.#describeSelf(),
      onChange: () => {
        this.#asking.presenceChanged()
        this.#changed()
      },
      onGone: (node) => this.#sessions.nodeGone(node),
    })
    this.#sessions = new SessionDesk({
      ...init,
      outbox,
      engine: this.#engine,
      archive: this.#archive,
      settings: () => this.#settings,
      onBusyChange: () => this.#presence.announce(),
      onChange: (mailbox) => {
        this.#neighbours.sessionChanged(mailbox)
        this.#absence.sessionChanged(mailbox)
        this.#story.progressed(mailbox)
        this.#engine.settle()
        this.#changed()
      },
      onText: (session, from, text) => this.#story.wrote(session, from, text),
      onFetch: (mailbox, digests) => void this.#neighbours.fetchMissing(mailbox, digests),
    })
    this.#neighbours = new Neighbours({
      ...init,
      stopping: this.#stopping.signal,
      gatekeeper: this.#gatekeeper,
      presence: this.#presence,
      sessions: () => this.#sessions.mailboxes,
      deliver: (envelope) => this.#deliver(envelope),
      onLost: (node) => {
        if (this.#presence.has(node)) this.#presence.lose(node)
        else this.#sessions.nodeGone(node)
      },
    })
    this.#absence = new Absence({
      ...init,
      presence: this.#presence,
      neighbours: this.#neighbours,
      sessions: () => this.#sessions.mailboxes,
      onChange,
    })
    this.#resumer = new Resumer({
      ...init,
      archive: this.#archive,
      gatekeeper: this.#gatekeeper,
      sessions: this.#sessions,
      neighbours: this.#neighbours,
      engineTried: () => this.#engineTried,
    })
    this.#story = new Storyteller({
      ...init,
      sessions: this.#sessions,
      archive: this.#archive,
      gatekeeper: this.#gatekeeper,
    })
    this.#asking = new AskingDesk({
      ...init,
      engine: this.#engine,
      sessions: this.#sessions,
      story: this.#story,
      present: () => this.#presence.present,
      settings: () => this.#settings,
      engineTried: () => this.#engineTried,
    })
  }

  /** Comes up: joins the mesh, loads a model, takes up what a reload cut off. Resolves before there are peers. */
  static async start(init: SwarmNodeInit): Promise<SwarmNode> {
    const outbox = await Outbox.open(init)
    const node = new SwarmNode(init, outbox, await init.store.getSettings())
    await node.#run()
    return node
  }

  async #run(): Promise<void> {
    const { mesh, store } = this.#init
    mesh.subscribe(
      async (frame) => {
        const { acceptance, envelope } = await this.#gatekeeper.admit(frame)
        if (envelope) this.#verified.set(frame, envelope)
        return acceptance
      },
      (frame) => {
        const envelope = this.#verified.get(frame)
        if (envelope) this.#deliver(envelope)
      },
    )
    serveFetches(mesh, {
      presence: () => this.#presence.frames,
      session: async (session, held) =>
        this.#sessions.find(session)?.framesBeyond(held) ?? (await this.#archive.findOwn(session))?.envelopes ?? [],
    })
    receiveDrafts(mesh, (session, from, text) => this.#story.wrote(session, from, text))
    this.#cleanups.push(
      mesh.onStateChange((state) => {
        this.#neighbours.linksChanged(state)
        this.#changed()
      }),
      store.onProblem(() => this.#changed()),
    )
    this.#absence.start()
    await mesh.start(this.#stopping.signal)
    this.#presence.announce()
    this.#engineTried = this.#chooseAndLoad()
    await this.#resumer.start()
  }

  // ---- what arrives ----

  #deliver(envelope: Envelope): void {
    const { message } = envelope
    switch (message.type) {
      case 'node-advertised':
        return this.#presence.hear(envelope, message)
      case 'node-left':
        return this.#presence.hearLeft(envelope)
      default:
        return this.#sessions.deliver(envelope, message)
    }
  }

  // ---- what this node says of itself ----

  #describeSelf() {
    const { identity, device } = this.#init
    const description = this.#engine.description
    const contributes = this.#contributes
    if (description) this.#speeds.telling(description)
    return {
      certificate: identity.certificate,
      engines: description ? [offerOf(description)] : [],
      visibility: device.state().visibility,
      executes: contributes && description !== null,
      verifies: contributes && description !== null,
      freeSlots: this.#sessions.freeSlots,
    }
  }

  get #contributes(): boolean {
    return this.#settings.contribute && !this.#settings.onlyThisDevice
  }

  async #chooseAndLoad(): Promise<void> {
    if (this.#presence.present.length === 0) await this.#lookAround()
    const served: Record<string, number> = {}
    for (const { said } of this.#presence.present) {
      for (const engine of said.engines) served[engine.modelName] = (served[engine.modelName] ?? 0) + 1
    }
    if (this.#stopping.signal.aborted) return
    await this.#engine.load(this.#init.chooseModel(served))
    this.#presence.announce()
    // Behind the first answer: it wakes the graphics device up.
    if (this.#models?.status.offers.length === 0) void this.#models.start()
  }

  async #lookAround(): Promise<void> {
    const { clock } = this.#init
    await new Promise<void>((resolve) => this.#cleanups.push(clock.setTimer(clock.now() + LOOK_AROUND_MS, resolve)))
  }

  // ---- asking ----

  async ask(messages: readonly ChatMessage[], options: AskOptions = {}): Promise<Answer> {
    return this.#asking.ask(messages, options)
  }

  resume(session: SessionId, options: AskOptions = {}): Promise<Answer> | null {
    const resumed = this.#resumer.find(session)
    return resumed ? resumed.then((mailbox) => this.#story.tell(mailbox, options)) : null
  }

  // ---- the facade's views ----

  /** Where each session stands at this node that is not forgotten yet: what simulations hold their invariants against. */
  get sessionStates(): readonly SessionState[] {
    return [...this.#sessions.mailboxes].map((mailbox) => mailbox.state)
  }

  /** The same for one session; undefined where this node has no part in it, or has forgotten it. */
  sessionState(session: SessionId): SessionState | undefined {
    return this.#sessions.find(session)?.state
  }

  /** What waits at this node: what simulations hold their bounds against. */
  get load() {
    return { ...this.#asking.load, foreignInLine: this.#engine.foreignInLine }
  }

  status(): SwarmStatus {
    return statusOf({
      ...this.#init,
      family: this.#init.family ?? null,
      engine: this.#engine.status,
      models: this.#models?.status ?? null,
      mailboxes: this.#sessions.mailboxes,
      settings: this.#settings,
      lostAsleep: this.#absence.lost,
    })
  }

  peers(): readonly PeerView[] {
    return peersOf(this.#init.identity, this.#init.mesh.state(), this.#presence.present)
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  session(session: SessionId): Promise<SessionView | null> {
    return this.#story.view(session)
  }

  transcript(session: SessionId): Promise<TranscriptFile | null> {
    return this.#story.transcript(session)
  }

  get chats(): Store['chats'] {
    return this.#init.store.chats
  }

  get models(): ModelVerbs | null {
    return this.#models
  }

  async changeSettings(change: Partial<Settings>): Promise<void> {
    this.#settings = { ...this.#settings, ...change }
    this.#changed()
    this.#presence.announce()
    await this.#init.store.putSettings(this.#settings)
  }

  retryEngine(): Promise<void> {
    this.#engineTried = this.#chooseAndLoad()
    return this.#engineTried
  }

  async stop(): Promise<void> {
    await this.#presence.sayGoodbye().catch(() => undefined)
    this.#stopping.abort()
    this.#asking.close()
    for (const cleanup of this.#cleanups) cleanup()
    this.#absence.stop()
    this.#speeds.stop()
    this.#engine.stop()
    this.#sessions.close()
    await this.#models?.stop()
    await this.#init.mesh.stop()
    await this.#init.engine.unload()
  }

  #changed(): void {
    if (this.#notifying || this.#listeners.size === 0) return
    this.#notifying = true
    const { clock } = this.#init
    clock.setTimer(clock.now() + NOTIFY_MS, () => {
      this.#notifying = false
      for (const listener of this.#listeners) listener()
    })
  }
}
