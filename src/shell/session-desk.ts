import { bytesToHex } from '#core/bytes.ts'
import type { Envelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId, OperatorId, Salt, SessionId } from '#core/protocol/ids.ts'
import type { MessageOf, SessionMessage } from '#core/protocol/messages.ts'
import { reservesEngine } from '#core/session/ending.ts'
import { openedOf } from '#core/session/lookup.ts'
import { addEntry } from '#core/session/record.ts'
import type { Resumption } from '#core/session/resumption.ts'
import type { Offer, Question } from '#core/session/state.ts'
import { createSession } from '#core/session/step.ts'
import { considerJoining, estimateMs, noAdmissions, type AdmissionState } from '#core/swarm/admission.ts'
import type { RolesOffered } from '#core/swarm/fit.ts'
import type { Clock } from '#ports/clock.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { EngineDescription } from '#ports/engine.ts'
import type { Identity } from '#ports/key-store.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Random } from '#ports/random.ts'
import type { Settings } from '#ports/store.ts'
import { BusySign } from './busy-sign.ts'
import { DraftSender } from './drafts.ts'
import type { EngineDesk } from './engine-desk.ts'
import type { Outbox } from './outbox.ts'
import { SessionSecrets } from './sealing.ts'
import type { SessionArchive } from './session-archive.ts'
import { entryOf, SessionMailbox } from './session-mailbox.ts'

/** Sessions that may hold this node's engine at once; they are computed one after another. */
export const ENGINE_SLOTS = 4

/** Sessions held at once, ended ones among them: those are kept for a while for whoever asks about them. */
export const MAX_SESSIONS = 512

/** Statements of sessions that were not opened yet, as gossip may bring them: so many sessions, so many statements. */
const MAX_UNOPENED_SESSIONS = 32
const MAX_UNOPENED_STATEMENTS = 24

export interface SessionDeskInit {
  readonly identity: Identity
  readonly crypto: Crypto
  readonly random: Random
  readonly clock: Clock
  readonly logger: Logger
  readonly mesh: Mesh
  readonly outbox: Outbox
  readonly engine: EngineDesk
  readonly archive: SessionArchive
  settings(): Settings
  /** No slot is free any more, or one is free again. */
  onBusyChange(): void
  onChange(mailbox: SessionMailbox): void
  onText(session: SessionId, from: NodeId, text: string): void
  onFetch(mailbox: SessionMailbox, digests: readonly Digest[]): void
}

/** Opens a mailbox for each session that this node asks or joins, and brings each statement to its mailbox. */
export class SessionDesk {
  readonly #init: SessionDeskInit
  readonly #mailboxes = new Map<SessionId, SessionMailbox>()
  readonly #unopened = new Map<SessionId, Envelope[]>()
  readonly #drafts = new Map<SessionId, DraftSender>()
  #admissions: AdmissionState = noAdmissions
  readonly #busySign: BusySign
  #closed = false

  constructor(init: SessionDeskInit) {
    this.#init = init
    this.#busySign = new BusySign(init.clock, () => init.onBusyChange())
  }

  get mailboxes(): Iterable<SessionMailbox> {
    return this.#mailboxes.values()
  }

  find(session: SessionId): SessionMailbox | undefined {
    return this.#mailboxes.get(session)
  }

  get freeSlots(): number {
    return Math.max(0, this.#slots - this.#reserved())
  }

  /** Whether no session counts on this node's engine. */
  get idle(): boolean {
    return this.#reserved() === 0
  }

  get #slots(): number {
    return this.#init.engine.switching ? 0 : ENGINE_SLOTS
  }

  /** Starts a session of this node's own. */
  ask(question: Question): SessionMailbox {
    const { random } = this.#init
    const session = bytesToHex(random.bytes(16)) as SessionId
    const mailbox = this.#create(session, { question, sealSeed: random.bytes(32), sessionKey: random.bytes(32) })
    mailbox.post({ type: 'started' })
    return mailbox
  }

  /** Goes on with a session that a reload cut off. */
  resume(
    session: SessionId,
    resumption: Resumption,
    envelopes: readonly Envelope[],
    sessionKey: Uint8Array,
  ): SessionMailbox {
    const { question, own, seed, sealSeed } = resumption
    const mailbox = this.#create(session, { question, sealSeed, sessionKey, own, seed, envelopes })
    void this.#repeatOwn(envelopes)
    mailbox.post({ type: 'started' })
    this.#init.onChange(mailbox)
    return mailbox
  }

  /** What was written down may not have been sent when the tab went away. */
  async #repeatOwn(envelopes: readonly Envelope[]): Promise<void> {
    const { outbox, logger } = this.#init
    try {
      for (const { from, frame } of envelopes) if (from === outbox.self) await outbox.publishFrame(frame)
    } catch (error) {
      logger.log('warn', 'not-repeated', { error: (error as Error).name })
    }
  }

  deliver(envelope: Envelope, message: SessionMessage): void {
    const mailbox = this.#mailboxes.get(message.session)
    if (mailbox) return mailbox.receive(envelope)
    // Gossip may bring back what this node said before a reload.
    if (envelope.from === this.#init.identity.node) return
    if (message.type === 'session-opened') return void this.#considerJoining(envelope, message)
    this.#hold(envelope, message.session)
  }

  nodeGone(node: NodeId): void {
    for (const mailbox of this.#mailboxes.values()) mailbox.post({ type: 'node-gone', node })
  }

  close(): void {
    this.#busySign.stop()
    for (const mailbox of this.#mailboxes.values()) mailbox.close()
    for (const draft of this.#drafts.values()) draft.close()
    this.#mailboxes.clear()
    this.#closed = true
  }

  async #considerJoining(envelope: Envelope, message: MessageOf<'session-opened'>): Promise<void> {
    const { clock, logger, engine, identity, archive } = this.#init
    // Most of what a large swarm hears of: not worth counting what this node is busy with.
    if (!message.invited.includes(identity.node)) return void this.#unopened.delete(message.session)
    // Joined before a reload: what was promised then is lost, and nothing may be promised twice.
    if (await archive.hasJoined(message.session)) {
      return logger.count('declined:joined-before')
    }
    const opened = this.#mailboxes.get(message.session)
    if (opened) return opened.receive(envelope)
    if (this.#closed) return
    const { contribute, onlyThisDevice } = this.#init.settings()
    const capacity = {
      self: identity.node,
      contributes: contribute && !onlyThisDevice,
      engine: engine.description && offerOf(engine.description),
      reserved: this.#reserved(),
      heldFor: this.#heldFor(),
      slots: this.#makeRoom() ? this.#slots : 0,
    }
    const admission = considerJoining(this.#admissions, capacity, envelope.from, message, clock.now())
    this.#admissions = admission.state
    const early = this.#unopened.get(message.session) ?? []
    this.#unopened.delete(message.session)
    if (admission.decline) {
      logger.count(`declined:${admission.decline}`)
      return
    }
    const mailbox = this.#create(message.session, {
      question: null,
      roles: admission.roles,
      sealSeed: this.#init.random.bytes(32),
      sessionKey: null,
    })
    for (const statement of [envelope, ...early]) mailbox.receive(statement)
  }

  #hold(envelope: Envelope, session: SessionId): void {
    const held = this.#unopened.get(session) ?? []
    if (held.length >= MAX_UNOPENED_STATEMENTS) return
    held.push(envelope)
    this.#unopened.delete(session)
    this.#unopened.set(session, held)
    const [longestAgo] = this.#unopened.keys()
    if (this.#unopened.size > MAX_UNOPENED_SESSIONS && longestAgo !== undefined) this.#unopened.delete(longestAgo)
  }

  #create(session: SessionId, part: Part): SessionMailbox {
    const { crypto, identity, random, archive, clock, logger, outbox, engine, onChange, onFetch } = this.#init
    const secrets = new SessionSecrets(crypto, session, crypto.createSealKeyPair(part.sealSeed), part.sessionKey)
    if (part.question) archive.keepSealSeed(session, part.sealSeed)
    const fresh = createSession({
      session,
      self: identity.node,
      offer: this.#offer(secrets, part.roles ?? { executes: part.question?.ownExecutes ?? true, verifies: false }),
      seed: part.seed ?? (bytesToHex(random.bytes(32)) as Salt),
      question: part.question,
      ...(part.own ? { own: part.own } : {}),
    })
    const envelopes = part.envelopes ?? []
    // Rebuilt without acting: what was said before a reload must not be said again.
    const record = envelopes.reduce(
      (sofar, envelope) => addEntry(sofar, entryOf(envelope, secrets)).record,
      fresh.record,
    )
    const mailbox = new SessionMailbox({
      state: { ...fresh, record, marks: part.envelopes ? { resumed: clock.now() } : {} },
      envelopes,
      secrets,
      outbox,
      desk: engine,
      archive,
      clock,
      logger,
      onChange: (changed) => {
        this.#busySign.show(this.freeSlots === 0)
        onChange(changed)
      },
      onFetch,
      onExpired: () => this.#drop(session),
      onText: (from, text) => this.#showText(from, text),
    })
    this.#mailboxes.set(session, mailbox)
    this.#busySign.show(this.freeSlots === 0)
    return mailbox
  }

  #offer(secrets: SessionSecrets, roles: RolesOffered): Offer {
    const { identity, engine } = this.#init
    const description = engine.description
    return {
      certificate: identity.certificate,
      engine: description && offerOf(description),
      executes: description !== null && roles.executes,
      verifies: description !== null && roles.verifies,
      estimateMs: description ? Math.min(60_000, estimateMs(description, 256)) : 0,
      sealKey: secrets.publicKey,
    }
  }

  #showText(mailbox: SessionMailbox, text: string): void {
    const { identity, mesh, clock, onText } = this.#init
    const leader = openedOf(mailbox.state.record)?.from ?? identity.node
    if (leader === identity.node) return onText(mailbox.session, identity.node, text)
    let draft = this.#drafts.get(mailbox.session)
    if (!draft) {
      draft = new DraftSender(mesh, clock, leader, mailbox.session)
      this.#drafts.set(mailbox.session, draft)
      const sender = draft
      void mailbox.ended.then(() => {
        sender.close()
        this.#drafts.delete(mailbox.session)
      })
    }
    draft.show(text)
  }

  #drop(session: SessionId): void {
    this.#mailboxes.delete(session)
    this.#busySign.show(this.freeSlots === 0)
  }

  /** Whether one more session can be held: the one that ended longest ago makes room. */
  #makeRoom(): boolean {
    if (this.#mailboxes.size < MAX_SESSIONS) return true
    const ended = [...this.#mailboxes.values()].find(({ state }) => state.outcome !== null && state.question === null)
    ended?.close()
    return ended !== undefined && this.#mailboxes.delete(ended.session)
  }

  #holding(): SessionMailbox[] {
    return [...this.#mailboxes.values()].filter((mailbox) => reservesEngine(mailbox.state))
  }

  #reserved(): number {
    return this.#holding().length
  }

  /** The operators that foreign sessions hold slots for, one a slot. */
  #heldFor(): OperatorId[] {
    return this.#holding().flatMap(({ state }) => {
      const operator = state.question ? undefined : openedOf(state.record)?.message.certificate.operator
      return operator ?? []
    })
  }
}

interface Part {
  readonly question: Question | null
  /** What a guest takes part for. */
  readonly roles?: RolesOffered
  readonly sealSeed: Uint8Array
  readonly sessionKey: Uint8Array | null
  readonly seed?: Salt
  readonly own?: Resumption['own']
  readonly envelopes?: readonly Envelope[]
}

/** The part of an engine's description that travels. */
export function offerOf(description: EngineDescription): NonNullable<Offer['engine']> {
  const { modelDigest, modelName, engineClass, tier, contextTokens } = description
  const { prefillTokensPerSecond, decodeTokensPerSecond, judgeTokensPerSecond } = description
  const speed = (tokensPerSecond: number) => Math.max(1, Math.round(tokensPerSecond))
  return {
    modelDigest,
    modelName,
    engineClass,
    tier,
    contextTokens,
    prefillTokensPerSecond: speed(prefillTokensPerSecond),
    decodeTokensPerSecond: speed(decodeTokensPerSecond),
    judgeTokensPerSecond: speed(judgeTokensPerSecond),
  }
}
