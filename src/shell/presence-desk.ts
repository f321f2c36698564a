import type { Envelope } from '#core/protocol/envelope.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import type { MessageOf } from '#core/protocol/messages.ts'
import {
  age,
  expire,
  hear,
  isAmongNearest,
  leave,
  nextExpiry,
  present,
  type Presence,
  type PresenceTable,
} from '#core/swarm/presence.ts'
import { MAX_PRESENCE_MS } from '#core/protocol/limits.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Outbox } from './outbox.ts'

/** Each announcement holds for three heartbeats: one may get lost. */
const HEARTBEAT_MS = 20_000
const HOLDS_FOR_HEARTBEATS = 3

/** Everybody hears everybody, so in a network of more than forty they say it less often: twice a second in all. */
const HEARTBEAT_PER_NODE_MS = 500
const LONGEST_HEARTBEAT_MS = MAX_PRESENCE_MS / HOLDS_FOR_HEARTBEATS

/** Nodes that announce themselves to a newcomer: all would, and all would hear it. It asks its neighbours for the others. */
const ANSWERING = 4

/** Several reasons to announce within this time make one announcement. */
const GATHER_MS = 30

/**
 * Announcements that newcomers may call for at once, and after which time for one more. Whoever invents nodes would
 * otherwise have the whole network say with each of them what it has just said.
 */
const ANSWERS_AT_ONCE = 4
const ANSWER_EVERY_MS = 2000

/** How long after a standstill others have to say that they are still there: links may have to be made first. */
const CONFIRM_MS = 10_000

/** Goodbyes remembered; the oldest is forgotten first. */
const MAX_DEPARTED = 1024

export interface PresenceDeskInit {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly logger: Logger
  describeSelf(): Omit<MessageOf<'node-advertised'>, 'type' | 'expiresInMs'>
  onChange(): void
  onGone(node: NodeId): void
}

/** Knows who is there, and tells others that this node is. */
export class PresenceDesk {
  readonly #init: PresenceDeskInit
  #table: PresenceTable = new Map()
  readonly #frames = new Map<NodeId, Uint8Array>()
  /** What nodes said up to here is history: their goodbye, or an announcement that ran out. */
  readonly #departed = new Map<NodeId, number>()
  #ownFrame: Uint8Array | null = null
  /** When newcomers may call for `ANSWERS_AT_ONCE` announcements again (the generic cell rate algorithm). */
  #restedAt = 0
  #nextAnnouncement: { at: number; cancel: () => void } | null = null
  /** When somebody's announcement may have run out: renewals do not move it, as most come long before. */
  #nextLook: { at: number; cancel: () => void } | null = null
  #stopped = false

  constructor(init: PresenceDeskInit) {
    this.#init = init
  }

  get present(): Presence[] {
    return present(this.#table)
  }

  has(node: NodeId): boolean {
    return this.#table.has(node)
  }

  /** Announcements as signed, this node's own first: what a newcomer is given. */
  get frames(): Uint8Array[] {
    return [...(this.#ownFrame ? [this.#ownFrame] : []), ...this.#frames.values()]
  }

  /** Announces this node soon. */
  announce(): void {
    this.#announceAt(this.#init.clock.now() + GATHER_MS)
  }

  hear(envelope: Envelope, said: MessageOf<'node-advertised'>): void {
    const { clock, outbox } = this.#init
    if (envelope.from === outbox.self || envelope.sequence <= (this.#departed.get(envelope.from) ?? -1)) return
    const isNew = !this.has(envelope.from)
    const table = hear(this.#table, { node: envelope.from, said, sequence: envelope.sequence }, clock.now())
    if (table === this.#table) return
    this.#frames.set(envelope.from, envelope.frame)
    this.#replace(table)
    this.#lookAt(clock.now() + said.expiresInMs)
    // A newcomer need not wait for the next heartbeat to learn of somebody.
    if (isNew && isAmongNearest(table, outbox.self, envelope.from, ANSWERING)) this.#answer()
  }

  /** A goodbye. One that a neighbour kept and serves again ends nothing that was announced after it. */
  hearLeft({ from, sequence }: Envelope): void {
    const known = this.#table.get(from)
    if (known && known.sequence > sequence) return
    this.#depart(from, sequence)
    this.lose(from)
  }

  /** It cannot be reached, though it did not say goodbye: should it be there after all, its word still counts. */
  lose(node: NodeId): void {
    if (!this.has(node)) return
    this.#replace(leave(this.#table, node))
    this.#init.onGone(node)
  }

  /** The last word, unless this node comes back. */
  async sayGoodbye(): Promise<void> {
    this.stop()
    await this.#init.outbox.publish({ type: 'node-left' })
  }

  /** After a goodbye: it was not for good. */
  comeBack(): void {
    this.#stopped = false
    this.announce()
    this.#expire()
  }

  /** This node was deaf for a while, and others may have given it up as well (SPEC AWAY-3). */
  stoodStill(durationMs: number): void {
    const confirmBy = this.#init.clock.now() + CONFIRM_MS
    this.#table = age(this.#table, durationMs, confirmBy)
    this.#lookAt(confirmBy)
    this.announce()
  }

  stop(): void {
    this.#stopped = true
    this.#nextAnnouncement?.cancel()
    this.#nextAnnouncement = null
    this.#nextLook?.cancel()
    this.#nextLook = null
  }

  #answer(): void {
    const rested = this.#restedAt - (ANSWERS_AT_ONCE - 1) * ANSWER_EVERY_MS
    this.#announceAt(Math.max(this.#init.clock.now() + GATHER_MS, rested))
  }

  #depart(node: NodeId, sequence: number): void {
    const known = this.#departed.get(node) ?? -1
    this.#departed.delete(node)
    this.#departed.set(node, Math.max(known, sequence))
    const [oldest] = this.#departed.keys()
    if (this.#departed.size > MAX_DEPARTED && oldest !== undefined) this.#departed.delete(oldest)
  }

  #announceAt(at: number): void {
    if (this.#stopped || (this.#nextAnnouncement && this.#nextAnnouncement.at <= at)) return
    this.#nextAnnouncement?.cancel()
    const cancel = this.#init.clock.setTimer(at, () => {
      this.#nextAnnouncement = null
      void this.#announceNow()
    })
    this.#nextAnnouncement = { at, cancel }
  }

  async #announceNow(): Promise<void> {
    const { outbox, clock, logger, describeSelf } = this.#init
    const heartbeatMs = this.#heartbeatMs
    this.#announceAt(clock.now() + heartbeatMs)
    this.#restedAt = Math.max(this.#restedAt, clock.now()) + ANSWER_EVERY_MS
    try {
      const expiresInMs = HOLDS_FOR_HEARTBEATS * heartbeatMs
      const message = { type: 'node-advertised' as const, expiresInMs, ...describeSelf() }
      this.#ownFrame = (await outbox.publish(message)).frame
    } catch (error) {
      logger.log('warn', 'announcement-failed', { error: (error as Error).message })
    }
  }

  get #heartbeatMs(): number {
    return Math.min(Math.max(HEARTBEAT_MS, this.#table.size * HEARTBEAT_PER_NODE_MS), LONGEST_HEARTBEAT_MS)
  }

  #replace(table: PresenceTable): void {
    this.#table = table
    if (this.#frames.size > table.size) {
      for (const node of this.#frames.keys()) if (!table.has(node)) this.#frames.delete(node)
    }
    this.#init.onChange()
  }

  #lookAt(at: number): void {
    if (this.#stopped || (this.#nextLook && this.#nextLook.at <= at)) return
    this.#nextLook?.cancel()
    const cancel = this.#init.clock.setTimer(at, () => {
      this.#nextLook = null
      this.#expire()
    })
    this.#nextLook = { at, cancel }
  }

  #expire(): void {
    const before = this.#table
    const { table, gone } = expire(before, this.#init.clock.now())
    const next = nextExpiry(table)
    if (next !== undefined) this.#lookAt(next)
    if (gone.length === 0) return
    this.#replace(table)
    for (const node of gone) {
      this.#depart(node, before.get(node)?.sequence ?? -1)
      this.#init.onGone(node)
    }
  }
}
