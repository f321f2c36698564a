import type { Envelope } from '#core/protocol/envelope.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import type { MessageOf } from '#core/protocol/messages.ts'
import { expire, hear, leave, nextExpiry, present, type Presence, type PresenceTable } from '#core/swarm/presence.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Outbox } from './outbox.ts'

/** Each announcement holds for three heartbeats: one may get lost. */
const HEARTBEAT_MS = 20_000
const EXPIRES_IN_MS = 3 * HEARTBEAT_MS

/** Several reasons to announce within this time make one announcement. */
const GATHER_MS = 30

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
  #ownFrame: Uint8Array | null = null
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
    if (envelope.from === outbox.self) return
    const isNew = !this.has(envelope.from)
    const table = hear(this.#table, { node: envelope.from, said, sequence: envelope.sequence }, clock.now())
    if (table === this.#table) return
    this.#frames.set(envelope.from, envelope.frame)
    this.#replace(table)
    this.#lookAt(clock.now() + said.expiresInMs)
    // A newcomer need not wait for the next heartbeat to learn of this node.
    if (isNew) this.announce()
  }

  leave(node: NodeId): void {
    if (!this.has(node)) return
    this.#replace(leave(this.#table, node))
    this.#init.onGone(node)
  }

  async sayGoodbye(): Promise<void> {
    this.stop()
    await this.#init.outbox.publish({ type: 'node-left' })
  }

  stop(): void {
    this.#stopped = true
    this.#nextAnnouncement?.cancel()
    this.#nextLook?.cancel()
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
    this.#announceAt(clock.now() + HEARTBEAT_MS)
    try {
      const message = { type: 'node-advertised' as const, expiresInMs: EXPIRES_IN_MS, ...describeSelf() }
      this.#ownFrame = (await outbox.publish(message)).frame
    } catch (error) {
      logger.log('warn', 'announcement-failed', { error: (error as Error).message })
    }
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
    const { table, gone } = expire(this.#table, this.#init.clock.now())
    const next = nextExpiry(table)
    if (next !== undefined) this.#lookAt(next)
    if (gone.length === 0) return
    this.#replace(table)
    for (const node of gone) this.#init.onGone(node)
  }
}
