import type { NodeId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { Clock } from '#ports/clock.ts'
import {
  FrameTooLargeError,
  StreamClosedError,
  UnreachableError,
  type Acceptance,
  type FrameStream,
  type Link,
  type Mesh,
  type MeshState,
} from '#ports/mesh.ts'
import { FakeStream } from './fake-mesh-stream.ts'

/** What the network does to what it carries. Probabilities are from 0 to 1. */
export interface Conditions {
  /** One-way delay, drawn evenly from this range for every delivery. */
  readonly delayMs: { readonly min: number; readonly max: number }
  /** A receiver never gets a gossip frame. */
  readonly loss: number
  /** A receiver gets a gossip frame twice, as when its seen-cache has forgotten it (breaks the port's invariant 2). */
  readonly duplicate: number
  /** A gossip frame may overtake earlier ones of the same sender. */
  readonly reorder: number
}

export interface FakeNetworkInit {
  readonly clock: Clock
  /** Evenly distributed in [0, 1). Every draw of the network comes from here, in a fixed order. */
  readonly random: () => number
  readonly conditions?: Partial<Conditions>
}

export interface JoinOptions {
  /** `relayed`: a tab that gets no direct link. Its frames still arrive as long as the relay is up. */
  readonly kind?: Link['kind']
}

/** Bytes of gossip that a node has published and been handed. */
export interface Traffic {
  publishedFrames: number
  publishedBytes: number
  receivedFrames: number
  receivedBytes: number
}

/** An in-memory network, for simulations. Delivered frames are shared between receivers and must not be changed. */
export interface FakeNetwork {
  join(node: NodeId, options?: JoinOptions): Mesh
  /** Ends a node without a farewell: it neither sends nor receives from now on. */
  crash(node: NodeId): void
  /** Splits the network; a node in no group stands alone. Frames under way between groups are lost. */
  /**
   * A node's links stay up and carry nothing, as after a crash until WebRTC notices. When it is silent no more, what
   * was held up arrives.
   */
  silence(node: NodeId, silent: boolean): void
  partition(groups: readonly (readonly NodeId[])[]): void
  heal(): void
  setConditions(conditions: Partial<Conditions>): void
  /** Takes the relay away, or brings it back. Direct links stay; relayed ones and joining need it. */
  setRelay(up: boolean): void
  /** Hands a frame to one node, as a hostile forwarder would. */
  inject(to: NodeId, frame: Uint8Array, forwarder: NodeId): void
  traffic(node: NodeId): Readonly<Traffic>
}

const CALM: Conditions = { delayMs: { min: 1, max: 5 }, loss: 0, duplicate: 0, reorder: 0 }

export function createFakeNetwork(init: FakeNetworkInit): FakeNetwork {
  return new Network(init)
}

type Validate = (frame: Uint8Array, forwarder: NodeId) => Promise<Acceptance>
type Deliver = (frame: Uint8Array) => void

class Network implements FakeNetwork {
  readonly clock: Clock
  readonly random: () => number
  conditions: Conditions
  relayUp = true
  readonly #members = new Map<NodeId, Member>()
  readonly #held: { from: Member; to: Member; act: () => void }[] = []
  #groupOf: Map<NodeId, number> | null = null

  constructor(init: FakeNetworkInit) {
    this.clock = init.clock
    this.random = init.random
    this.conditions = { ...CALM, ...init.conditions }
  }

  join(node: NodeId, options: JoinOptions = {}): Mesh {
    this.#members.get(node)?.crash()
    const member = new Member(this, node, options.kind ?? 'direct')
    this.#members.set(node, member)
    return member
  }

  crash(node: NodeId): void {
    this.#members.get(node)?.crash()
  }

  silence(node: NodeId, silent: boolean): void {
    const member = this.#members.get(node)
    if (!member) return
    member.silent = silent
    for (const { from, to, act } of this.#held.splice(0)) this.carry(from, to, act)
  }

  partition(groups: readonly (readonly NodeId[])[]): void {
    this.#groupOf = new Map(groups.flatMap((group, index) => group.map((node) => [node, index] as const)))
    this.topologyChanged()
  }

  heal(): void {
    this.#groupOf = null
    this.topologyChanged()
  }

  setConditions(conditions: Partial<Conditions>): void {
    this.conditions = { ...this.conditions, ...conditions }
  }

  setRelay(up: boolean): void {
    this.relayUp = up
    this.topologyChanged()
  }

  inject(to: NodeId, frame: Uint8Array, forwarder: NodeId): void {
    this.#members.get(to)?.receive(frame, forwarder)
  }

  traffic(node: NodeId): Readonly<Traffic> {
    const member = this.#members.get(node)
    if (!member) throw new Error(`no such node: ${node}`)
    return member.traffic
  }

  member(node: NodeId): Member | undefined {
    return this.#members.get(node)
  }

  /** Acts where there is a link, and later where one of the two is silent. */
  carry(from: Member, to: Member, act: () => void): void {
    if (from.silent || to.silent) this.#held.push({ from, to, act })
    else if (this.connects(from, to)) act()
  }

  /** The members that a running node can reach now, itself left out. */
  *reachableFrom(from: Member): Generator<Member, void, void> {
    for (const to of this.#members.values()) {
      if (to !== from && this.connects(from, to)) yield to
    }
  }

  connects(a: Member, b: Member): boolean {
    if (!a.running || !b.running) return false
    if (!this.relayUp && (a.kind === 'relayed' || b.kind === 'relayed')) return false
    if (!this.#groupOf) return true
    const group = this.#groupOf.get(a.self)
    return group !== undefined && group === this.#groupOf.get(b.self)
  }

  drawDelayMs(): number {
    const { min, max } = this.conditions.delayMs
    return min + (max - min) * this.random()
  }

  /** Who is linked to whom has changed. Everybody notices after a delay of its own; cut streams end. */
  topologyChanged(): void {
    for (const member of this.#members.values()) member.topologyChanged()
  }
}

class Member implements Mesh {
  readonly self: NodeId
  readonly kind: Link['kind']
  readonly traffic: Traffic = { publishedFrames: 0, publishedBytes: 0, receivedFrames: 0, receivedBytes: 0 }
  running = false
  silent = false
  readonly #network: Network
  #validate: Validate = async () => 'ignore'
  #deliver: Deliver = () => undefined
  #state: MeshState = { phase: 'offline', relay: 'lost', links: [] }
  #stateTimer: (() => void) | null = null
  readonly #listeners = new Set<(state: MeshState) => void>()
  readonly #handlers = new Map<string, { maxFrameBytes: number; handler: (stream: FrameStream) => Promise<void> }>()
  readonly #streams = new Set<{ end: FakeStream; remote: Member }>()
  /** When the last frame of each sender arrives here, to keep a sender's frames in order. */
  readonly #lastArrivalMs = new Map<Member, number>()

  constructor(network: Network, self: NodeId, kind: Link['kind']) {
    this.#network = network
    this.self = self
    this.kind = kind
  }

  async start(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    if (this.running) return
    this.running = true
    this.#state = { phase: 'connecting', relay: 'connecting', links: [] }
    this.#network.topologyChanged()
  }

  async stop(): Promise<void> {
    if (!this.running) return
    this.crash()
    for (const listener of this.#listeners) listener(this.#state)
  }

  crash(): void {
    if (!this.running) return
    this.running = false
    this.#stateTimer?.()
    this.#stateTimer = null
    this.#state = { phase: 'offline', relay: 'lost', links: [] }
    this.#network.topologyChanged()
  }

  state(): MeshState {
    return this.#state
  }

  onStateChange(listener: (state: MeshState) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  subscribe(validate: Validate, deliver: Deliver): void {
    this.#validate = validate
    this.#deliver = deliver
  }

  async publish(frame: Uint8Array): Promise<number> {
    if (frame.byteLength > MAX_FRAME_BYTES) throw new FrameTooLargeError(`${frame.byteLength} bytes`)
    if (!this.running) return 0
    const shared = frame.slice()
    this.traffic.publishedFrames++
    this.traffic.publishedBytes += shared.byteLength
    let count = 0
    for (const to of this.#network.reachableFrom(this)) {
      count++
      to.expect(shared, this)
    }
    return count
  }

  /** Draws this receiver's share of luck with a frame that `from` publishes now. */
  expect(frame: Uint8Array, from: Member): void {
    const network = this.#network
    const { loss, duplicate, reorder } = network.conditions
    if (loss > 0 && network.random() < loss) return
    this.#schedule(frame, from, reorder > 0 && network.random() < reorder)
    if (duplicate > 0 && network.random() < duplicate) this.#schedule(frame, from, true)
  }

  #schedule(frame: Uint8Array, from: Member, mayOvertake: boolean): void {
    const network = this.#network
    let at = network.clock.now() + network.drawDelayMs()
    if (!mayOvertake) {
      at = Math.max(at, this.#lastArrivalMs.get(from) ?? 0)
      this.#lastArrivalMs.set(from, at)
    }
    // A frame that is under way when its publisher ends still arrives, as gossip has already spread it.
    network.clock.setTimer(at, () => {
      if (from.running) network.carry(from, this, () => this.receive(frame, from.self))
      else this.receive(frame, from.self)
    })
  }

  receive(frame: Uint8Array, forwarder: NodeId): void {
    if (!this.running) return
    this.traffic.receivedFrames++
    this.traffic.receivedBytes += frame.byteLength
    void this.#validate(frame, forwarder).then((acceptance) => {
      if (acceptance === 'accept' && this.running) this.#deliver(frame)
    })
  }

  handle(protocol: string, maxFrameBytes: number, handler: (stream: FrameStream) => Promise<void>): void {
    this.#handlers.set(protocol, { maxFrameBytes, handler })
  }

  async open(node: NodeId, protocol: string, maxFrameBytes: number, signal?: AbortSignal): Promise<FrameStream> {
    signal?.throwIfAborted()
    const clock = this.#network.clock
    await new Promise<void>((resolve) => clock.setTimer(clock.now() + this.#network.drawDelayMs(), resolve))
    signal?.throwIfAborted()
    const remote = this.#network.member(node)
    if (!remote || !this.#network.connects(this, remote)) throw new UnreachableError(`no link to ${node}`)
    if (this.silent || remote.silent) await this.#carriedTo(remote, signal)
    const served = remote.#handlers.get(protocol)
    if (!served) throw new UnreachableError(`${node} does not speak ${protocol}`)

    const here = new FakeStream(node, maxFrameBytes, this.#carrier(remote))
    const there = new FakeStream(this.self, served.maxFrameBytes, remote.#carrier(this))
    here.connect(there)
    there.connect(here)
    this.#streams.add({ end: here, remote })
    remote.#streams.add({ end: there, remote: this })
    served.handler(there).catch((error: Error) => there.abort(error))
    return here
  }

  /** Throws the signal's reason. */
  async #carriedTo(remote: Member, signal: AbortSignal | undefined): Promise<void> {
    let giveUp: () => void = () => undefined
    const carried = new Promise<void>((resolve, reject) => {
      giveUp = () => reject(signal?.reason as Error)
      this.#network.carry(this, remote, resolve)
    })
    signal?.addEventListener('abort', giveUp)
    await carried.finally(() => signal?.removeEventListener('abort', giveUp))
  }

  wake(): void {
    this.topologyChanged()
  }

  topologyChanged(): void {
    for (const stream of this.#streams) {
      if (this.#network.connects(this, stream.remote)) continue
      this.#streams.delete(stream)
      stream.end.fail(new StreamClosedError('the link was lost'))
    }
    if (!this.running || this.#stateTimer) return
    const { clock } = this.#network
    this.#stateTimer = clock.setTimer(clock.now() + this.#network.drawDelayMs(), () => {
      this.#stateTimer = null
      this.#state = this.#look()
      for (const listener of this.#listeners) listener(this.#state)
    })
  }

  #look(): MeshState {
    const { min, max } = this.#network.conditions.delayMs
    const links: Link[] = []
    for (const { self, kind } of this.#network.reachableFrom(this)) {
      links.push({ node: self, kind: this.kind === 'relayed' ? 'relayed' : kind, roundTripMs: min + max })
    }
    const relay = this.#network.relayUp ? 'connected' : 'lost'
    return { phase: links.length > 0 || relay === 'connected' ? 'connected' : 'connecting', relay, links }
  }

  /** In order, unlike gossip: a stream is one. */
  #carrier(remote: Member): (act: () => void) => void {
    const { clock } = this.#network
    let lastMs = 0
    return (act) => {
      lastMs = Math.max(lastMs, clock.now() + this.#network.drawDelayMs())
      clock.setTimer(lastMs, () => {
        this.#network.carry(this, remote, act)
      })
    }
  }
}
