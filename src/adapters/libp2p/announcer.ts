import type { NodeId } from '#core/protocol/ids.ts'
import type { Clock } from '#ports/clock.ts'
import { decodeAnnouncement, encodeAnnouncement, type Announcement } from './announcement.ts'
import type { Candidates } from './candidates.ts'
import type { GossipSub } from './gossip.ts'
import { ringNeighbours } from './link-plan.ts'

export interface AnnouncerInit {
  readonly self: NodeId
  readonly gossip: GossipSub
  readonly topic: string
  readonly clock: Clock
  readonly candidates: Candidates
  /** What to say about this node now. */
  readonly describe: () => { readonly listening: boolean; readonly links: number }
  /** Whether somebody is new, or said something new of itself. */
  readonly onHeard: (isNews: boolean) => void
}

/**
 * Answers to a newcomer in the whole network, beside those of its neighbours in the ring: everybody hears each of them, and
 * more would only repeat what it needs.
 */
const ANSWERS = 4
/** Announcements that several causes ask for within this time become one. */
const GATHER_MS = 30
/**
 * An ask that nobody answered is repeated after this long, then after twice as long, up to the usual interval. Gossip
 * loses what is said before the relay and its clients have grafted each other, which the next heartbeat (1 s) mends.
 */
const ASK_AGAIN_MS = 1_000

/** Tells the network that this node is here, and hears who else is. */
export class Announcer {
  readonly #init: AnnouncerInit
  #running = false
  /** Asks since somebody was last heard; 0 while there is nothing to ask. */
  #asks = 0
  #dueMs: number | null = null
  #cancelDue: () => void = () => undefined
  #cancelNext: () => void = () => undefined

  constructor(init: AnnouncerInit) {
    this.#init = init
  }

  start(): void {
    const { gossip, topic } = this.#init
    this.#running = true
    gossip.subscribe(topic)
    this.#scheduleNext()
  }

  stop(): void {
    this.#running = false
    this.#cancelDue()
    this.#cancelNext()
  }

  /** Announces at once, and asks everybody to answer: this node has just come within earshot. */
  ask(): void {
    this.#asks = 1
    this.#announce()
  }

  /** Announces soon: something about this node has changed. */
  announceSoon(waitMs = GATHER_MS): void {
    if (!this.#running || this.#dueMs !== null) return
    const { clock } = this.#init
    this.#dueMs = clock.now() + waitMs
    this.#cancelDue = clock.setTimer(this.#dueMs, () => this.#announce())
  }

  /** Takes in a frame of the discovery topic. False for one that is malformed. */
  hear(frame: Uint8Array): boolean {
    const announcement = decodeAnnouncement(frame)
    if (!announcement) return false
    if (announcement.node !== this.#init.self) this.#hear(announcement)
    return true
  }

  #hear(announcement: Announcement): void {
    const { candidates, clock } = this.#init
    this.#asks = 0
    const isNews = candidates.hear(announcement, clock.now())
    if (announcement.asking && (Math.random() * candidates.size < ANSWERS || this.#isNextTo(announcement.node))) {
      this.announceSoon(candidates.size > ANSWERS ? Math.random() * 100 : 0)
    }
    this.#init.onHeard(isNews)
  }

  /** It has to know of this node above all others (`planLinks`). */
  #isNextTo(node: NodeId): boolean {
    const known = [...this.#init.candidates].filter(({ announced }) => announced).map((candidate) => candidate.node)
    return ringNeighbours(this.#init.self, known).has(node)
  }

  #announce(): void {
    if (!this.#running) return
    const { self, gossip, topic, describe } = this.#init
    this.#cancelDue()
    this.#dueMs = null
    const asking = this.#asks > 0
    void gossip.publish(topic, encodeAnnouncement({ node: self, asking, ...describe() })).catch(() => undefined)
    this.#scheduleNext()
  }

  #scheduleNext(): void {
    const { clock, candidates } = this.#init
    this.#cancelNext()
    const askAgainMs = this.#asks > 0 ? ASK_AGAIN_MS * 2 ** (this.#asks - 1) : Infinity
    const waitMs = Math.min(candidates.announceMs, askAgainMs) * (0.75 + Math.random() / 2)
    this.#cancelNext = clock.setTimer(clock.now() + waitMs, () => {
      if (this.#asks > 0) this.#asks++
      this.#announce()
    })
  }
}
