import { equalBytes } from '#core/bytes.ts'
import type { Envelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId } from '#core/protocol/ids.ts'
import { openedOf, participantsOf } from '#core/session/lookup.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Link, Mesh, MeshState } from '#ports/mesh.ts'
import type { Store } from '#ports/store.ts'
import { FailureDetector } from './failure-detector.ts'
import { fetchPresence, fetchSession } from './fetching.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import type { PresenceDesk } from './presence-desk.ts'
import type { SessionMailbox } from './session-mailbox.ts'

/** New neighbours asked at once who is there: they all know much the same. */
const MEET_AT_ONCE = 3

/** How many of its first neighbours a newcomer asks though it has heard them already: some are as new as itself. */
const SNAPSHOTS = 6

export interface NeighboursInit {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly logger: Logger
  readonly store: Store
  readonly gatekeeper: Gatekeeper
  readonly presence: PresenceDesk
  readonly stopping: AbortSignal
  sessions(): Iterable<SessionMailbox>
  deliver(envelope: Envelope): void
  /** A node can be reached neither directly nor over the relay, or does not answer. */
  onLost(node: NodeId): void
}

/** The relay knows at once who is not there; this is for a node that is there and does not answer. */
const PROBE_MS = 3000

/** Enough for the longest session on a slow link. Others may be waiting to be asked after a node that does not answer. */
const FETCH_MS = 5000

/** How long after a standstill a lost link tells nothing of the node behind it: links and relay come back by then. */
const RELINK_MS = 10_000

/** Long enough for a link to settle, short beside any deadline. */
const RETRY_MS = 700

/** Watches links and participants come and go, and asks neighbours for what this node missed. */
export class Neighbours {
  readonly #init: NeighboursInit
  readonly #detector: FailureDetector
  #links: ReadonlyMap<NodeId, Link> = new Map()
  #meeting = 0
  #snapshots = 0
  #relinkedBy = 0

  constructor(init: NeighboursInit) {
    this.#init = init
    this.#detector = new FailureDetector({ ...init, onBack: (node) => void this.#meet(node) })
  }

  sessionChanged(mailbox: SessionMailbox): void {
    this.#detector.sessionChanged(mailbox)
  }

  /** This node was deaf for a while: asks those it can reach who is there, and what it missed (SPEC AWAY-3). */
  stoodStill(): void {
    this.#relinkedBy = this.#init.clock.now() + RELINK_MS
    this.#detector.stoodStill()
    for (const node of [...this.#links.keys()].slice(0, MEET_AT_ONCE)) void this.#meet(node)
    for (const node of this.#links.keys()) void this.catchUp(node)
  }

  linksChanged(state: MeshState): void {
    const { store, clock, presence } = this.#init
    const before = this.#links
    const links = new Map(state.links.map((link) => [link.node, link]))
    const gained = [...links.values()].filter(({ node }) => !before.has(node)).sort(directFirst)
    this.#links = links
    for (const { node, kind } of before.values()) {
      // With the first direct link those over the relay end by the hundred, and their nodes are still there.
      if (!links.has(node) && (kind === 'direct' || state.relay !== 'connected')) void this.#probe(node)
    }
    // What was announced before there was anybody to hear it is lost.
    if (before.size === 0 && gained.length > 0) presence.announce()
    if (before.size === 0) this.#snapshots = 0
    const isLinked = state.links.some(({ kind }) => kind === 'direct')
    let met = 0
    for (const { node, kind } of gained) {
      const isNewcomer = kind === 'direct' && this.#snapshots < SNAPSHOTS
      if (met >= MEET_AT_ONCE || (presence.has(node) && !isNewcomer)) continue
      // Over the relay each costs a handshake. Who has a direct neighbour asks that one; else everybody would ask each newcomer.
      if (kind === 'relayed' && (isLinked || this.#meeting >= MEET_AT_ONCE)) continue
      met++
      if (kind === 'direct') this.#snapshots++
      void this.#meet(node)
    }
    for (const { node } of gained) {
      void store.peers.put(node, { node, addresses: [], seenAtMs: clock.wallTimeMs() }).catch(() => undefined)
      void this.catchUp(node)
    }
  }

  /** Asks a neighbour who is there, itself included, so that nobody need wait for announcements. */
  async #meet(node: NodeId): Promise<void> {
    this.#meeting++
    try {
      const { mesh } = this.#init
      await this.#takeFetched(await this.#within(FETCH_MS, (signal) => fetchPresence(mesh, node, signal)))
    } catch (error) {
      this.#init.logger.log('debug', 'presence-not-fetched', { error: (error as Error).name })
    } finally {
      this.#meeting--
    }
  }

  /** A lost link is no lost node: links break on a busy machine, are given up for others, and are made anew. */
  async #probe(node: NodeId): Promise<void> {
    const { mesh, clock, stopping, onLost } = this.#init
    try {
      await this.#takeFetched(await this.#within(PROBE_MS, (signal) => fetchPresence(mesh, node, signal)))
    } catch {
      if (stopping.aborted) return
      if (clock.now() >= this.#relinkedBy) onLost(node)
      else this.#later(() => void this.#probe(node))
    }
  }

  /** Gives up after a while, or when the node stops. */
  async #within<T>(durationMs: number, act: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, stopping } = this.#init
    const timeout = new AbortController()
    const cancel = clock.setTimer(clock.now() + durationMs, () => timeout.abort())
    try {
      return await act(AbortSignal.any([stopping, timeout.signal]))
    } finally {
      cancel()
    }
  }

  /** While they were apart, others may have finished a session, or with another verdict. */
  async catchUp(node: NodeId): Promise<void> {
    for (const mailbox of this.#init.sessions()) {
      const { record, outcome, adopted, question } = mailbox.state
      const settled = outcome !== null && (adopted?.message.term ?? 0) === 0
      const involved = question !== null || openedOf(record)?.from === node || participantsOf(record).includes(node)
      if (!settled && involved && (await this.#fetchFrom(node, mailbox)) === null) this.#catchUpLater(node)
    }
  }

  /** A link that was just made may be given up for a better one, and what was asked over it is lost. */
  #catchUpLater(node: NodeId): void {
    this.#later(() => {
      if (this.#links.has(node)) void this.catchUp(node)
    })
  }

  #later(act: () => void): void {
    const { clock, stopping } = this.#init
    const cancel = clock.setTimer(clock.now() + RETRY_MS, () => {
      stopping.removeEventListener('abort', cancel)
      act()
    })
    stopping.addEventListener('abort', cancel, { once: true })
  }

  /** Asks the asker, then all others at once, for what is named; where nothing is named, for all that they have. */
  async fetchMissing(mailbox: SessionMailbox, digests: readonly Digest[]): Promise<void> {
    const { record } = mailbox.state
    const asker = openedOf(record)?.from
    const isSettled = () => {
      const held = new Set(mailbox.held)
      return digests.length > 0
        ? digests.every((digest) => held.has(digest))
        : mailbox.state.adopted?.message.term === 0
    }
    const others = new Set(participantsOf(record))
    for (const node of [this.#init.mesh.self, asker]) if (node !== undefined) others.delete(node)
    if (asker !== undefined && asker !== this.#init.mesh.self) await this.#fetchFrom(asker, mailbox)
    if (!isSettled()) await Promise.all([...others].map((node) => this.#fetchFrom(node, mailbox)))
  }

  /** How many envelopes came; null where the node could not be asked. */
  async #fetchFrom(node: NodeId, mailbox: SessionMailbox): Promise<number | null> {
    try {
      const { mesh } = this.#init
      const frames = await this.#within(FETCH_MS, (signal) => fetchSession(mesh, node, mailbox, signal))
      await this.#takeFetched(frames)
      return frames.length
    } catch (error) {
      this.#init.logger.log('debug', 'session-not-fetched', { error: (error as Error).name })
      return null
    }
  }

  async #takeFetched(frames: readonly Uint8Array[]): Promise<void> {
    const held = this.#init.presence.frames
    for (const frame of frames) {
      if (held.some((other) => equalBytes(other, frame))) continue
      const envelope = await this.#init.gatekeeper.verify(frame)
      if (envelope) this.#init.deliver(envelope)
    }
  }
}

function directFirst(a: Link, b: Link): number {
  return Number(a.kind === 'relayed') - Number(b.kind === 'relayed')
}
