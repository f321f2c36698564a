import type { decodeEnvelope } from '#core/protocol/envelope.ts'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { SessionState } from '#core/session/state.ts'
import type { Clock } from '#ports/clock.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Engine } from '#ports/engine.ts'
import type { Identity, KeyStore } from '#ports/key-store.ts'
import type { Link, Mesh } from '#ports/mesh.ts'
import type { LargerModels } from '#shell/model-desk.ts'
import { SwarmNode } from '#shell/swarm-node.ts'
import { createFakeDevice, type FakeDevice } from './fake-device.ts'
import { probeJob } from '#shell/engine-jobs.ts'
import { FakeEngine, type FakeEngineOptions } from './fake-engine.ts'
import type { FakeProfile } from './fake-key-store.ts'
import type { FakeNetwork } from './fake-mesh.ts'
import { createFakeStore, type FakeStore } from './fake-store.ts'
import { TabClock } from './sim-clock.ts'
import { SleepyClock } from './sleepy-clock.ts'
import type { Dice } from './sim-dice.ts'
import { createSilentLogger } from './system-ports.ts'

/** What a simulation wants to know of every node. */
export interface NodeWatch {
  published(node: SimNode, frame: Uint8Array): void
  /** Signed by a tab that was gone before it could send. */
  withheld(frame: Uint8Array): void
  /** A frame passed the gatekeeper; called before anything else sees it. */
  accepted(node: SimNode, frame: Uint8Array): void
  /** Something happened at the node; look at it once things have settled. */
  touched(node: SimNode): void
  /** The node's shell met an error of its own. */
  failed(node: SimNode, event: string, fields: unknown): void
}

export interface SimNodeInit {
  readonly name: string
  readonly profile: FakeProfile
  readonly slot: number
  readonly clock: Clock
  readonly network: FakeNetwork
  readonly networkName: string
  readonly crypto: Crypto
  readonly dice: Dice
  readonly link: Link['kind']
  readonly engine: Omit<FakeEngineOptions, 'clock'>
  readonly decode: typeof decodeEnvelope
  readonly watch: NodeWatch
  /** What the machine's monotonic clock does while it sleeps. Default: `goes on`. */
  readonly asleep?: 'goes on' | 'stops'
  /** By how much each timer of a hidden tab rings late, in ms. Default: not at all. */
  readonly timersLateMs?: () => number
  /** Beside the embedded model, on the tab's own clock. Default: none to be had. */
  readonly largerModels?: ((clock: Clock) => LargerModels) | undefined
}

/** A running tab of a node; a node that was reloaded has another. */
export interface Tab {
  readonly shell: SwarmNode
  readonly clock: TabClock
  readonly device: FakeDevice
  readonly engine: WatchedEngine
  readonly keys: KeyStore
}

/** One browser tab of a simulation: a real shell over fake ports, with a clock of its own, that can crash and come back. */
export class SimNode {
  readonly name: string
  readonly #init: SimNodeInit
  readonly #offsets: { offsetMs: number; wallOffsetMs: number; rate: number }
  readonly #machine: SleepyClock
  #identity: Identity | null = null
  #store: FakeStore = createFakeStore()
  #tab: Tab | null = null
  #open = false
  /** Counts openings: a tab that was opened again may hear again what it heard before. */
  openings = 0
  readonly counts: Record<string, number> = {}

  constructor(init: SimNodeInit) {
    this.#init = init
    this.name = init.name
    this.#machine = new SleepyClock(init.clock, init.asleep ?? 'goes on')
    const { dice } = init
    this.#offsets = {
      offsetMs: dice.between(0, 1e6),
      wallOffsetMs: dice.between(-300_000, 300_000),
      rate: dice.between(0.999, 1.001),
    }
  }

  /** Null before the first start. */
  get id(): NodeId | null {
    return this.#identity?.node ?? null
  }

  /** Whether the tab is open, or opening, or closing. */
  get isOpen(): boolean {
    return this.#open
  }

  get tab(): Tab | null {
    return this.#tab
  }

  get states(): readonly SessionState[] {
    return this.#tab?.shell.sessionStates ?? []
  }

  /** Undefined where the tab is closed, or has no part in the session. */
  stateOf(session: SessionId): SessionState | undefined {
    return this.#tab?.shell.sessionState(session)
  }

  /** Opens the tab, or opens it again: with the key and the storage that it had before. */
  async open(): Promise<SwarmNode> {
    const { profile, network, networkName, crypto, dice, watch, decode, engine: engineOptions } = this.#init
    const clock = new TabClock({
      ...this.#offsets,
      clock: this.#init.timersLateMs ? lateClock(this.#machine, this.#init.timersLateMs) : this.#machine,
      onFired: () => watch.touched(this),
    })
    const device = createFakeDevice()
    if (this.#open) throw new Error(`${this.name} is open`)
    this.#open = true
    this.openings++
    const keys = profile.openTab(this.#init.slot)
    const identity = await keys.claim()
    this.#identity = identity
    this.#store = this.#store.reopen()
    const modelId = engineOptions.modelId ?? 'fake'
    const engine = new WatchedEngine(new FakeEngine({ ...engineOptions, clock }))
    const largerModels = this.#init.largerModels?.(clock)
    const logger = createSilentLogger((level, event, fields) => {
      if (level === 'error') watch.failed(this, event, fields)
    })
    const shell = await SwarmNode.start({
      identity,
      network: networkName,
      mesh: this.#tapped(network.join(identity.node, { kind: this.#init.link })),
      engine,
      store: this.#store,
      crypto,
      clock,
      random: dice,
      device,
      logger: {
        ...logger,
        count: (name) => {
          this.counts[name] = (this.counts[name] ?? 0) + 1
          logger.count(name)
        },
      },
      decode,
      chooseModel: () => modelId,
      ...(largerModels && { largerModels }),
    })
    this.#tab = { shell, clock, device, engine, keys }
    return shell
  }

  /** The tab is gone at once: no farewell, nothing more is written. */
  async crash(): Promise<void> {
    const tab = this.#take()
    if (!tab || !this.id) return
    tab.clock.kill()
    this.#init.network.crash(this.id)
    await tab.keys.release()
    this.#open = false
  }

  /** The machine sleeps: nothing runs, nothing arrives, and nobody is told. It wakes up by itself. */
  sleep(durationMs: number): void {
    const { network, clock } = this.#init
    const id = this.id
    if (!id) return
    this.#machine.sleep(durationMs)
    network.silence(id, true)
    clock.setTimer(clock.now() + durationMs, () => network.silence(id, false))
  }

  /** The tab is closed in good order. */
  async leave(): Promise<void> {
    const tab = this.#take()
    if (!tab) return
    await tab.shell.stop()
    await tab.keys.release()
    this.#open = false
  }

  #take(): Tab | null {
    const tab = this.#tab
    this.#tab = null
    return tab
  }

  #tapped(mesh: Mesh): Mesh {
    const { watch } = this.#init
    return {
      self: mesh.self,
      start: (signal) => mesh.start(signal),
      stop: () => mesh.stop(),
      state: () => mesh.state(),
      onStateChange: (listener) =>
        mesh.onStateChange((state) => {
          watch.touched(this)
          listener(state)
        }),
      subscribe: (validate, deliver) =>
        mesh.subscribe(async (frame, forwarder) => {
          const acceptance = await validate(frame, forwarder)
          if (acceptance === 'accept') watch.accepted(this, frame)
          return acceptance
        }, deliver),
      publish: (frame) => {
        if (mesh.state().phase === 'offline') watch.withheld(frame)
        else watch.published(this, frame)
        return mesh.publish(frame)
      },
      handle: (...handler) => mesh.handle(...handler),
      open: (...target) => mesh.open(...target),
      wake: () => mesh.wake(),
    }
  }
}

/** The clock of a tab whose timers its browser holds back. */
function lateClock(clock: Clock, lateMs: () => number): Clock {
  return {
    now: () => clock.now(),
    wallTimeMs: () => clock.wallTimeMs(),
    setTimer: (at, callback) => clock.setTimer(Math.max(at, clock.now()) + lateMs(), callback),
  }
}

/** What all such attempts have in common, however they are numbered. */
const PROBE = probeJob(0).messages[0]?.content.slice(1) ?? ''

/** An engine that knows whether it is at work. */
class WatchedEngine implements Engine {
  readonly #engine: FakeEngine
  readonly load: Engine['load']
  readonly describe: Engine['describe']
  readonly unload: Engine['unload']
  /** Calls for somebody that have not ended; what a node writes to see how fast it is, is for nobody. */
  working = 0

  constructor(engine: FakeEngine) {
    this.#engine = engine
    this.load = (...call) => engine.load(...call)
    this.describe = () => engine.describe()
    this.unload = () => engine.unload()
  }

  async *generate(...call: Parameters<Engine['generate']>): ReturnType<Engine['generate']> {
    if (call[0].at(-1)?.content.endsWith(PROBE)) return yield* this.#engine.generate(...call)
    this.working++
    try {
      return yield* this.#engine.generate(...call)
    } finally {
      this.working--
    }
  }

  async judge(...call: Parameters<Engine['judge']>): ReturnType<Engine['judge']> {
    this.working++
    try {
      return await this.#engine.judge(...call)
    } finally {
      this.working--
    }
  }
}
