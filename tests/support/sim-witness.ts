import { createHash } from 'node:crypto'
import { decodeEnvelope, type Decoded } from '#core/protocol/envelope.ts'
import type { Digest, SessionId } from '#core/protocol/ids.ts'
import type { Message } from '#core/protocol/messages.ts'
import { openedOf, participantsOf } from '#core/session/lookup.ts'
import type { Outcome, SessionState } from '#core/session/state.ts'
import type { Clock } from '#ports/clock.ts'
import type { NodeWatch, SimNode } from './sim-node.ts'

/** What is kept of a node's part in a session when its mailbox is gone. */
export interface Ending {
  readonly node: SimNode
  readonly session: SessionId
  readonly outcome: Outcome | null
  readonly participant: boolean
  /** Digest of the verdict's content that the node went by; null where it adopted none. */
  readonly verdict: string | null
  readonly term: number | null
  /** False where the tab was gone before the session was forgotten; it may have been opened again. */
  readonly survived: boolean
}

interface Followed {
  /** Which opening of the tab held it. */
  opening: number
  state: SessionState
  entriesChecked: number
}

/**
 * Holds a simulation to its invariants, after everything that happens at a node:
 * I1 nobody makes two different statements of one kind for one slot, least of all two verdicts for one session and term;
 * I2 whoever adopted a verdict and lived until the session was forgotten adopted the same (asked at the end, when the
 *    network has been whole again for long enough, by `disagreements`);
 * I3 what passes a gatekeeper, and what sessions hold, is exactly what its sender published, and passes once;
 * I4 a session without an outcome has a deadline, and its tab a timer;
 * I6 an engine works only while a session of its node wants it to.
 */
export class Witness implements NodeWatch {
  readonly #clock: Clock
  readonly #network: string
  readonly #log = createHash('sha256')
  readonly #decoded = new WeakMap<Uint8Array, Decoded>()
  /** Sender and signature of everything that nodes have published. */
  readonly #published = new Map<Digest, string>()
  readonly #statements = new Map<string, string>()
  readonly #accepted = new Map<string, Set<Digest>>()
  readonly #touched = new Set<SimNode>()
  readonly #followed = new Map<SimNode, Map<SessionId, Followed>>()
  readonly violations: string[] = []
  readonly endings: Ending[] = []
  /** How many statements of each type were published. */
  readonly said: Record<string, number> = {}
  takeovers = 0
  /** Of all statements about sessions; presence not counted. */
  sessionBytes = 0
  readonly bytesByType: Record<string, number> = {}
  /** The newest frames: what a hostile node alters and repeats. */
  readonly recentFrames: Uint8Array[] = []

  constructor(clock: Clock, network: string) {
    this.#clock = clock
    this.#network = network
  }

  /** Decodes as every node would, once a frame. Texts stay closed. */
  readonly decode: typeof decodeEnvelope = (frame, network, open = null) => {
    if (open) return decodeEnvelope(frame, network, open)
    let decoded = this.#decoded.get(frame)
    if (!decoded) this.#decoded.set(frame, (decoded = decodeEnvelope(frame, network)))
    return decoded
  }

  get eventHash(): string {
    return this.#log.copy().digest('hex')
  }

  note(event: string): void {
    this.#log.update(`${this.#clock.now().toFixed(3)} ${event}\n`)
  }

  violated(invariant: string, what: string): void {
    this.violations.push(`${invariant} at ${Math.round(this.#clock.now())} ms: ${what}`)
  }

  // ---- what nodes do ----

  published(node: SimNode, frame: Uint8Array): void {
    const decoded = this.decode(frame, this.#network)
    if (!decoded.ok) return this.violated('I1', `${node.name} published what is ${decoded.reason}`)
    const { envelope } = decoded
    const { digest, from, message, signature } = envelope
    if (from !== node.id) this.violated('I1', `${node.name} published in the name of ${from}`)
    this.#published.set(digest, `${from} ${signature}`)
    this.said[message.type] = (this.said[message.type] ?? 0) + 1
    this.note(`${node.name} ${message.type} ${digest}`)
    this.#keepRecent(frame)
    if ('session' in message) {
      this.sessionBytes += frame.length
      this.bytesByType[message.type] = (this.bytesByType[message.type] ?? 0) + frame.length
    }
    if (message.type === 'verdict-reached' && message.term > 0) this.takeovers++
    const subject = subjectOf(message)
    if (subject === null) return
    const key = `${from} ${subject}`
    const content = JSON.stringify(message)
    const before = this.#statements.get(key)
    if (before === undefined) this.#statements.set(key, content)
    else if (before !== content)
      this.violated('I1', `${node.name} contradicts itself: ${subject}\n${before}\n${content}`)
    else this.said.restatements = (this.said.restatements ?? 0) + 1
  }

  /** Signed by a tab that was gone before it could send; its storage may still hold it, and serve it later. */
  withheld(frame: Uint8Array): void {
    const decoded = this.decode(frame, this.#network)
    if (!decoded.ok) return
    const { digest, from, signature } = decoded.envelope
    this.#published.set(digest, `${from} ${signature}`)
  }

  accepted(node: SimNode, frame: Uint8Array): void {
    const decoded = this.decode(frame, this.#network)
    if (!decoded.ok) return this.violated('I3', `${node.name} accepted what is ${decoded.reason}`)
    const { digest, from, message, signature } = decoded.envelope
    if (this.#published.get(digest) !== `${from} ${signature}`)
      this.violated('I3', `${node.name} accepted a forged ${message.type}`)
    const key = `${node.name} ${node.openings}`
    const accepted = this.#accepted.get(key) ?? new Set()
    this.#accepted.set(key, accepted)
    if (accepted.has(digest)) this.violated('I3', `${node.name} accepted a ${message.type} twice`)
    accepted.add(digest)
    this.touched(node)
  }

  touched(node: SimNode): void {
    this.#touched.add(node)
  }

  failed(node: SimNode, event: string, fields: unknown): void {
    this.violated('an error of the shell', `${node.name}: ${event} ${JSON.stringify(fields)}`)
  }

  // ---- what that led to ----

  /** To be called when all that was set off has settled. */
  check(): void {
    for (const node of this.#touched) this.#checkNode(node)
    this.#touched.clear()
  }

  #checkNode(node: SimNode): void {
    const followed = this.#followed.get(node) ?? new Map<SessionId, Followed>()
    this.#followed.set(node, followed)
    const { states, tab } = node
    const alive = new Set<SessionId>()
    let jobs = 0
    let open = 0
    for (const state of states) {
      alive.add(state.session)
      jobs += state.running.length
      if (state.outcome === null) open++
      const before = followed.get(state.session)
      if (before?.state === state) continue
      followed.set(state.session, { opening: node.openings, state, entriesChecked: state.record.entries.length })
      this.#checkState(node, state, before?.entriesChecked ?? 0)
    }
    for (const [session, { state, opening }] of followed) {
      if (alive.has(session)) continue
      followed.delete(session)
      this.endings.push(endingOf(node, state, tab !== null && node.openings === opening))
    }
    if (!tab) return
    if (jobs === 0 && tab.engine.working > 0) this.violated('I6', `the engine of ${node.name} works for nobody`)
    if (open > tab.clock.pending) this.violated('I4', `${node.name} has ${open} sessions, ${tab.clock.pending} timers`)
  }

  #checkState(node: SimNode, state: SessionState, entriesChecked: number): void {
    const { session, outcome, deadlines, record, running } = state
    if (outcome === null && deadlines.expiry === undefined) {
      this.violated('I4', `${node.name} holds ${session} without a deadline`)
    }
    if (outcome !== null && running.length > 0) {
      this.violated('I6', `${node.name} still works for ${session}, which is ${outcome}`)
    }
    for (const { digest, from, message } of record.entries.slice(entriesChecked)) {
      if (!this.#published.get(digest)?.startsWith(from))
        this.violated('I3', `${node.name} holds a forged ${message.type}`)
    }
  }

  /** I2: sessions of which tabs that lived until it was forgotten went by different verdicts. */
  disagreements(): { session: SessionId; verdicts: Map<string, Ending[]> }[] {
    const bySession = new Map<SessionId, Map<string, Ending[]>>()
    for (const ending of this.endings) {
      if (!ending.participant || !ending.survived || ending.verdict === null) continue
      const verdicts = bySession.get(ending.session) ?? new Map<string, Ending[]>()
      bySession.set(ending.session, verdicts)
      verdicts.set(ending.verdict, [...(verdicts.get(ending.verdict) ?? []), ending])
    }
    return [...bySession].flatMap(([session, verdicts]) => (verdicts.size > 1 ? [{ session, verdicts }] : []))
  }

  #keepRecent(frame: Uint8Array): void {
    this.recentFrames.push(Uint8Array.from(frame))
    if (this.recentFrames.length > RECENT_FRAMES) this.recentFrames.shift()
  }
}

const RECENT_FRAMES = 64

function endingOf(node: SimNode, state: SessionState, survived: boolean): Ending {
  const { session, outcome, adopted, record, self } = state
  return {
    node,
    session,
    outcome,
    survived,
    participant: openedOf(record)?.from === self || participantsOf(record).includes(self),
    verdict: adopted && JSON.stringify(adopted.message.verdict),
    term: adopted?.message.term ?? null,
  }
}

/** What a statement is about: of one sender there may be one a subject. Null for what may be said again and differently. */
function subjectOf(message: Message): string | null {
  switch (message.type) {
    case 'node-advertised':
    case 'node-left':
    case 'objection':
      return null
    case 'role-replaced':
      return `${message.session} ${message.type} ${message.slot.role} ${message.slot.index} ${message.from}`
    case 'commitments-closed':
      return `${message.session} ${message.type} ${message.term} ${message.role}`
    case 'verdict-reached':
      return `${message.session} ${message.type} ${message.term}`
    case 'result-committed':
    case 'result-revealed':
    case 'scores-committed':
    case 'scores-revealed':
      return `${message.session} ${message.type} ${message.slot.role} ${message.slot.index}`
    default:
      return `${message.session} ${message.type}`
  }
}
