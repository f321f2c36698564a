import { createHash } from 'node:crypto'
import { decodeEnvelope, type Decoded, type Envelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId, SessionId, Signature } from '#core/protocol/ids.ts'
import type { Message } from '#core/protocol/messages.ts'
import { openedOf, participantsOf } from '#core/session/lookup.ts'
import type { Outcome, SessionState } from '#core/session/state.ts'
import type { Clock } from '#ports/clock.ts'
import { MAX_FOREIGN_IN_LINE } from '#core/swarm/turns.ts'
import { MAX_RUNNING, MAX_WAITING } from '#shell/asking-desk.ts'
import { MAX_SESSIONS } from '#shell/session-desk.ts'
import type { NodeWatch, SimNode } from './sim-node.ts'

interface Published {
  readonly number: number
  readonly from: NodeId
  readonly signature: Signature
}

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
  readonly opening: number
  readonly state: SessionState
}

/** What was seen of a node's sessions when it was last looked at. */
interface Ledger {
  readonly sessions: Map<SessionId, Followed>
  /** Jobs that its sessions want done. */
  jobs: number
  /** Sessions without an outcome. */
  open: number
}

/**
 * Holds a simulation to its invariants, after everything that happens at a node:
 * I1 nobody makes two different statements of one kind for one slot, least of all two verdicts for one session and term;
 * I2 whoever adopted a verdict and lived until the session was forgotten adopted the same (asked at the end, when the
 *    network has been whole again for long enough, by `disagreements`);
 * I3 what passes a gatekeeper, and what sessions hold, is exactly what its sender published, and passes once;
 * I4 a session without an outcome has a deadline, and its tab a timer;
 * I6 an engine works only while a session of its node wants it to;
 * I8 what waits at a node stays within its bounds: jobs for its engine, its own questions, sessions held.
 */
export class Witness implements NodeWatch {
  readonly #clock: Clock
  readonly #network: string
  readonly #log = createHash('sha256')
  /** By the very array, which gossip hands to every receiver, and by content, for copies: streams and hostile nodes copy. */
  readonly #decoded = new WeakMap<Uint8Array, Decoded>()
  readonly #decodedByContent = new Map<string, Decoded>()
  /** Everything that nodes have published, numbered. */
  readonly #published = new Map<Digest, Published>()
  readonly #statements = new Map<string, string>()
  /** Which of them each tab has accepted. */
  readonly #accepted = new Map<SimNode, { readonly opening: number; readonly numbers: NumberSet }>()
  readonly #touched = new Set<SimNode>()
  /** Nodes that heard a statement about one session, and nothing else. */
  readonly #told: { readonly node: SimNode; readonly session: SessionId }[] = []
  readonly #ledgers = new Map<SimNode, Ledger>()
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

  /** Decodes as every node would, once for all nodes that get the same bytes. Texts stay closed. */
  readonly decode: typeof decodeEnvelope = (frame, network, open = null) => {
    if (open) return decodeEnvelope(frame, network, open)
    let decoded = this.#decoded.get(frame)
    if (!decoded) this.#decoded.set(frame, (decoded = this.#decodeContent(frame, network)))
    return decoded
  }

  #decodeContent(frame: Uint8Array, network: string): Decoded {
    const content = Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('latin1')
    const known = this.#decodedByContent.get(content)
    if (known) return known
    const decoded = decodeEnvelope(frame, network)
    this.#decodedByContent.set(content, decoded)
    const [oldest] = this.#decodedByContent.keys()
    if (this.#decodedByContent.size > DECODED_FRAMES && oldest !== undefined) this.#decodedByContent.delete(oldest)
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
    const { digest, from, message } = envelope
    if (from !== node.id) this.violated('I1', `${node.name} published in the name of ${from}`)
    this.#remember(envelope)
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
    this.#remember(decoded.envelope)
  }

  #remember({ digest, from, signature }: Envelope): void {
    if (!this.#published.has(digest)) this.#published.set(digest, { number: this.#published.size, from, signature })
  }

  accepted(node: SimNode, frame: Uint8Array): void {
    const decoded = this.decode(frame, this.#network)
    if (!decoded.ok) return this.violated('I3', `${node.name} accepted what is ${decoded.reason}`)
    const { digest, from, message, signature } = decoded.envelope
    const published = this.#published.get(digest)
    if (published?.from !== from || published.signature !== signature)
      return this.violated('I3', `${node.name} accepted a forged ${message.type}`)
    if (!this.#acceptedBy(node).add(published.number))
      this.violated('I3', `${node.name} accepted a ${message.type} twice`)
    if ('session' in message) this.#told.push({ node, session: message.session })
    else if (message.type === 'node-left') this.touched(node)
  }

  #acceptedBy(node: SimNode): NumberSet {
    let accepted = this.#accepted.get(node)
    if (accepted?.opening !== node.openings) {
      accepted = { opening: node.openings, numbers: new NumberSet() }
      this.#accepted.set(node, accepted)
    }
    return accepted.numbers
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
    for (const { node, session } of this.#told) {
      if (this.#touched.has(node)) continue
      const ledger = this.#ledgerOf(node)
      this.#checkSession(node, ledger, session, node.stateOf(session))
      // A stream may have changed other sessions meanwhile: what looks wrong is to be looked at as a whole.
      if (this.#brokenTotal(node, ledger)) this.touched(node)
    }
    for (const node of this.#touched) this.#checkNode(node)
    this.#told.length = 0
    this.#touched.clear()
  }

  #ledgerOf(node: SimNode): Ledger {
    let ledger = this.#ledgers.get(node)
    if (!ledger) this.#ledgers.set(node, (ledger = { sessions: new Map(), jobs: 0, open: 0 }))
    return ledger
  }

  #checkNode(node: SimNode): void {
    const ledger = this.#ledgerOf(node)
    const { states } = node
    if (states.length > MAX_SESSIONS + MAX_RUNNING) this.violated('I8', `${node.name} holds ${states.length} sessions`)
    for (const state of states) this.#checkSession(node, ledger, state.session, state)
    if (ledger.sessions.size > states.length) {
      for (const session of ledger.sessions.keys()) this.#checkSession(node, ledger, session, node.stateOf(session))
    }
    const [invariant, problem] = this.#brokenTotal(node, ledger) ?? []
    if (invariant && problem) this.violated(invariant, problem)
  }

  #checkSession(node: SimNode, ledger: Ledger, session: SessionId, state: SessionState | undefined): void {
    const followed = ledger.sessions.get(session)
    const before = followed?.state
    if (before === state) return
    ledger.jobs += (state?.running.length ?? 0) - (before?.running.length ?? 0)
    ledger.open += (state?.outcome === null ? 1 : 0) - (before?.outcome === null ? 1 : 0)
    const sameTab = followed?.opening === node.openings
    if (state) {
      ledger.sessions.set(session, { opening: node.openings, state })
      this.#checkState(node, state, sameTab ? followed.state.record.entries.length : 0)
    } else if (before) {
      ledger.sessions.delete(session)
      this.endings.push(endingOf(node, before, node.tab !== null && sameTab))
    }
  }

  #brokenTotal({ name, tab }: SimNode, { jobs, open }: Ledger): [invariant: string, problem: string] | null {
    if (!tab) return null
    if (jobs === 0 && tab.engine.working > 0) return ['I6', `the engine of ${name} works for nobody`]
    const { running, waiting, foreignInLine } = tab.shell.load
    if (foreignInLine > MAX_FOREIGN_IN_LINE || running > MAX_RUNNING || waiting > MAX_WAITING)
      return ['I8', `${name} has ${foreignInLine} jobs in line, ${running} questions, ${waiting} more waiting`]
    if (open > tab.clock.pending) return ['I4', `${name} has ${open} sessions, ${tab.clock.pending} timers`]
    return null
  }

  #checkState(node: SimNode, state: SessionState, entriesChecked: number): void {
    const { session, outcome, deadlines, record, running } = state
    if (outcome === null && deadlines.expiry === undefined) {
      this.violated('I4', `${node.name} holds ${session} without a deadline`)
    }
    if (outcome !== null && running.length > 0) {
      this.violated('I6', `${node.name} still works for ${session}, which is ${outcome}`)
    }
    for (let index = entriesChecked; index < record.entries.length; index++) {
      const entry = record.entries[index]
      if (entry && this.#published.get(entry.digest)?.from !== entry.from)
        this.violated('I3', `${node.name} holds a forged ${entry.message.type}`)
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

/** What is fetched again was said within the lifetime of a session, at the most. */
const DECODED_FRAMES = 20_000

/** A set of small numbers, at a bit each: every node accepts nearly everything, and nothing is ever forgotten. */
class NumberSet {
  #bits = new Uint8Array(1024)

  /** False where it was there already. */
  add(number: number): boolean {
    const index = number >> 3
    const bit = 1 << (number & 7)
    if (index >= this.#bits.length) {
      const larger = new Uint8Array(2 * index)
      larger.set(this.#bits)
      this.#bits = larger
    }
    const byte = this.#bits[index] ?? 0
    this.#bits[index] = byte | bit
    return (byte & bit) === 0
  }
}

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
