import { openMessage, type Envelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId, SessionId } from '#core/protocol/ids.ts'
import type { SessionMessage } from '#core/protocol/messages.ts'
import type { Entry } from '#core/session/entry.ts'
import { assignedOf, joinOf, openedOf } from '#core/session/lookup.ts'
import { textOf } from '#core/session/record.ts'
import type { Effect, Input, Job, JobKind, Outcome, SessionState, TimerId } from '#core/session/state.ts'
import { stepSession } from '#core/session/step.ts'
import type { Client } from '#core/swarm/turns.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { EngineDesk } from './engine-desk.ts'
import type { Outbox } from './outbox.ts'
import type { SessionArchive } from './session-archive.ts'
import type { SessionSecrets } from './sealing.ts'

/** An input without its time, which the mailbox adds. */
type Post = Input extends infer I ? (I extends Input ? Omit<I, 'now'> : never) : never

export interface MailboxInit {
  readonly state: SessionState
  readonly secrets: SessionSecrets
  readonly outbox: Outbox
  readonly desk: EngineDesk
  readonly archive: SessionArchive
  readonly clock: Clock
  readonly logger: Logger
  /** Envelopes known from before a reload. */
  readonly envelopes?: readonly Envelope[]
  onChange(mailbox: SessionMailbox): void
  onExpired(mailbox: SessionMailbox): void
  /** The text so far of what this node writes as an executor, or as a lonely asker. */
  onText(mailbox: SessionMailbox, text: string): void
  /** Envelopes are wanted that others may have. */
  onFetch(mailbox: SessionMailbox, digests: readonly Digest[]): void
}

/**
 * One session at one node: takes inputs one at a time, each to completion, and runs the effects in order, so that
 * every `persist` of a step is durable before its first `publish`. Sessions do not wait for each other.
 */
export class SessionMailbox {
  readonly #init: MailboxInit
  #state: SessionState
  readonly #queue: Post[] = []
  #draining = false
  #closed = false
  readonly #envelopes = new Map<Digest, Envelope>()
  readonly #timers = new Map<TimerId, () => void>()
  readonly #jobs = new Map<JobKind, AbortController>()
  #error: Error | null = null
  readonly ended: Promise<Outcome>
  #end: (outcome: Outcome) => void = () => undefined

  constructor(init: MailboxInit) {
    this.#init = init
    this.#state = init.state
    for (const envelope of init.envelopes ?? []) this.#envelopes.set(envelope.digest, envelope)
    this.ended = new Promise((resolve) => (this.#end = resolve))
  }

  get session(): SessionId {
    return this.#state.session
  }

  get state(): SessionState {
    return this.#state
  }

  get secrets(): SessionSecrets {
    return this.#init.secrets
  }

  /** Frames of all statements that count, in order of arrival. */
  get frames(): Uint8Array[] {
    return this.#state.record.entries.flatMap((entry) => this.#envelopes.get(entry.digest)?.frame ?? [])
  }

  /** What this node need not be told again: what counts, and the contradictions that it keeps. */
  get held(): Digest[] {
    const { entries, conflicts } = this.#state.record
    return [...entries, ...conflicts].map((entry) => entry.digest)
  }

  /** What this node has that another lacks; contradictions too, because a verdict may name either half. */
  framesBeyond(held: readonly Digest[]): Uint8Array[] {
    const known = new Set(held)
    const { entries, conflicts } = this.#state.record
    return [...entries, ...conflicts].flatMap(({ digest }) =>
      known.has(digest) ? [] : (this.#envelopes.get(digest)?.frame ?? []),
    )
  }

  /** What a reload must find again: while the session runs also what was signed or came early. */
  get kept(): Uint8Array[] {
    return this.#state.outcome === null ? [...this.#envelopes.values()].map(({ frame }) => frame) : this.frames
  }

  /** Why this node's own engine could not do its part, where it could not. */
  get error(): Error | null {
    return this.#error
  }

  post(input: Post): void {
    if (this.#closed) return
    this.#queue.push(input)
    void this.#drain()
  }

  receive(envelope: Envelope): void {
    this.#envelopes.set(envelope.digest, envelope)
    this.post({ type: 'received', entry: entryOf(envelope, this.#init.secrets) })
  }

  close(): void {
    this.#closed = true
    for (const cancel of this.#timers.values()) cancel()
    for (const job of this.#jobs.values()) job.abort()
  }

  async #drain(): Promise<void> {
    if (this.#draining) return
    this.#draining = true
    for (let input = this.#queue.shift(); input && !this.#closed; input = this.#queue.shift()) {
      const { state, effects } = stepSession(this.#state, { ...input, now: this.#init.clock.now() } as Input)
      this.#state = state
      this.#takeKey()
      for (const effect of effects) {
        // Closed by an earlier effect, or while one was waiting: a timer set now would never be cleared.
        if (this.#closed) break
        try {
          await this.#run(effect)
        } catch (error) {
          this.#init.logger.log('error', 'effect-failed', { effect: effect.type, error: (error as Error).message })
        }
      }
    }
    this.#draining = false
  }

  async #run(effect: Effect): Promise<void> {
    switch (effect.type) {
      case 'persist':
        return this.#init.archive.save(this)
      case 'publish':
        return this.#publish(effect.message)
      case 'set-timer':
        this.#timers.get(effect.id)?.()
        this.#timers.set(
          effect.id,
          this.#init.clock.setTimer(effect.at, () => this.post({ type: 'timer', id: effect.id })),
        )
        return
      case 'clear-timer':
        this.#timers.get(effect.id)?.()
        this.#timers.delete(effect.id)
        return
      case 'infer':
        void this.#infer(effect.job)
        return
      case 'abort':
        this.#jobs.get(effect.kind)?.abort()
        return
      case 'fetch':
        return this.#init.onFetch(this, effect.digests)
      case 'notify':
        return this.#notify(effect)
    }
  }

  async #publish(message: SessionMessage): Promise<void> {
    const { outbox, secrets, archive } = this.#init
    const self = this.#state.self
    const grants = this.#grantsFor(message)
    const seals = { seal: secrets.sealAs(self), open: secrets.openFrom(self) }
    const envelope = await outbox.sign(message, grants, seals)
    this.#envelopes.set(envelope.digest, envelope)
    // An asker may be reloaded at any moment, and must not say something else afterwards.
    if (this.#state.question) await archive.save(this)
    await outbox.publishFrame(envelope.frame)
    // Everybody hears it from the mesh; this node hears itself.
    this.receive(envelope)
  }

  #grantsFor(message: SessionMessage): Uint8Array[] {
    return recipientsOf(message).map((node) => {
      const join = joinOf(this.#state.record, node)
      return join ? this.#init.secrets.grant(node, join.message.sealKey) : new Uint8Array(48)
    })
  }

  /** Looks for a grant to this node; with the key in hand, reads again what had to be taken up closed. */
  #takeKey(): void {
    const { secrets } = this.#init
    const { record, self } = this.#state
    const leaderKey = openedOf(record)?.message.sealKey
    if (secrets.sessionKey || !leaderKey || !assignedOf(record)) return
    for (const entry of record.entries) {
      const index = recipientsOf(entry.message).indexOf(self)
      const grant = index < 0 ? undefined : this.#envelopes.get(entry.digest)?.grants[index]
      if (grant) secrets.accept(self, leaderKey, grant)
    }
    if (!secrets.sessionKey) return
    const entries = [...record.entries, ...record.early].flatMap((entry) => {
      const envelope = textOf(entry.message) ? this.#envelopes.get(entry.digest) : undefined
      return envelope ? [entryOf(envelope, secrets)] : []
    })
    this.post({ type: 'reopened', entries })
  }

  /** For whom this node's engine works in the session. */
  #client(): Client {
    const opened = openedOf(this.#state.record)
    if (this.#state.question || !opened) return 'own'
    return { leader: opened.from, operator: opened.message.certificate.operator }
  }

  async #infer(job: Job): Promise<void> {
    const { desk, logger } = this.#init
    const client = this.#client()
    // The asker's own model stands by in any case, and only what was promised to others needs the one of the join.
    const joinedAs = client === 'own' ? null : (this.#state.offer.engine?.modelDigest ?? null)
    const controller = new AbortController()
    this.#jobs.set(job.kind, controller)
    try {
      if (job.kind === 'generate') {
        const onText = (text: string) => this.#init.onText(this, text)
        this.post({ type: 'generated', answer: await desk.generate(job, client, onText, controller.signal, joinedAs) })
      } else {
        this.post({ type: 'judged', scores: await desk.judge(job, client, controller.signal, joinedAs) })
      }
    } catch (error) {
      if (controller.signal.aborted) return
      this.#error = error as Error
      logger.log('warn', 'inference-failed', { kind: job.kind, error: (error as Error).name })
      this.post({ type: 'inference-failed', kind: job.kind })
    } finally {
      if (this.#jobs.get(job.kind) === controller) this.#jobs.delete(job.kind)
    }
  }

  async #notify({ event }: Extract<Effect, { type: 'notify' }>): Promise<void> {
    const { logger } = this.#init
    switch (event.type) {
      case 'refused':
        if (event.reason !== 'duplicate') logger.count(`refused:${event.reason}`)
        if (!this.#state.record.early.some((entry) => entry.digest === event.entry.digest))
          this.#forget(event.entry.digest)
        return
      case 'ended':
        this.#end(event.outcome)
        return this.#init.onChange(this)
      case 'changed':
        return this.#init.onChange(this)
      case 'expired':
        this.close()
        this.#init.onExpired(this)
        return this.#init.archive.save(this)
    }
  }

  #forget(digest: Digest): void {
    if (!this.#state.record.entries.some((entry) => entry.digest === digest)) this.#envelopes.delete(digest)
  }
}

/** A statement as the core sees it: with its text open where this node holds the key. */
export function entryOf(envelope: Envelope, secrets: SessionSecrets): Entry {
  const { digest, from } = envelope
  const message = envelope.message as SessionMessage
  if (textOf(message)?.text !== null || secrets.sessionKey === null) return { digest, from, message }
  return { digest, from, message: openMessage(envelope, secrets.openFrom(from)) as SessionMessage }
}

/** Whom a message brings the session's key, in the order of its grants. */
function recipientsOf(message: SessionMessage): readonly NodeId[] {
  if (message.type === 'roles-assigned') return [...message.executors, ...message.verifiers]
  if (message.type === 'role-replaced') return [message.to]
  return []
}
