import { encodeTranscript } from '#core/session/transcript.ts'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { Verdict } from '#core/protocol/messages.ts'
import { everHeld, openedOf, said, slotsOf } from '#core/session/lookup.ts'
import { addEntry, createRecord } from '#core/session/record.ts'
import type { Clock } from '#ports/clock.ts'
import type { Crypto } from '#ports/crypto.ts'
import type { Identity } from '#ports/key-store.ts'
import { lowestValidVerdict } from '#core/session/witness.ts'
import type { Answer, AskOptions, SessionView, TranscriptFile } from './facade.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import { NoEngineError, SessionFailedError } from './errors.ts'
import { SessionSecrets } from './sealing.ts'
import { stageDurations, type SessionArchive } from './session-archive.ts'
import type { SessionDesk } from './session-desk.ts'
import { entryOf, type SessionMailbox } from './session-mailbox.ts'
import { viewSession } from './session-view.ts'

export interface StorytellerInit {
  readonly identity: Identity
  readonly network: string
  readonly crypto: Crypto
  readonly clock: Clock
  readonly sessions: SessionDesk
  readonly archive: SessionArchive
  readonly gatekeeper: Gatekeeper
}

interface Listener {
  readonly options: AskOptions
  /** Whose draft is shown: the first that wrote, so that the text does not jump. */
  shown: NodeId | null
}

/** Tells whoever asked how their session goes, and anybody how a past one went. */
export class Storyteller {
  readonly #init: StorytellerInit
  readonly #listeners = new Map<SessionId, Set<Listener>>()

  constructor(init: StorytellerInit) {
    this.#init = init
  }

  /** Follows a session of this node's own to its end. Throws the errors of `SwarmFacade.ask`. */
  async tell(mailbox: SessionMailbox, options: AskOptions): Promise<Answer> {
    const { session } = mailbox
    const listener: Listener = { options, shown: null }
    const listeners = this.#listeners.get(session) ?? new Set()
    this.#listeners.set(session, listeners.add(listener))
    const cancel = () => mailbox.post({ type: 'cancel' })
    if (options.signal?.aborted) cancel()
    options.signal?.addEventListener('abort', cancel, { once: true })
    options.onSession?.(session)
    options.onProgress?.(this.#viewLive(mailbox))
    try {
      await mailbox.ended
      return this.#answerOf(mailbox, options)
    } finally {
      options.signal?.removeEventListener('abort', cancel)
      listeners.delete(listener)
      if (listeners.size === 0) this.#listeners.delete(session)
    }
  }

  progressed(mailbox: SessionMailbox): void {
    const listeners = [...(this.#listeners.get(mailbox.session) ?? [])].filter(({ options }) => options.onProgress)
    if (listeners.length === 0) return
    const view = this.#viewLive(mailbox)
    for (const { options } of listeners) options.onProgress?.(view)
  }

  /** Somebody wrote something for a session; shown only where this node asked and they hold a seat. */
  wrote(session: SessionId, from: NodeId, text: string): void {
    const record = this.#init.sessions.find(session)?.state.record
    if (!record) return
    const writers = slotsOf(record, 'executor').flatMap((slot) => everHeld(record, slot))
    if (from !== this.#init.identity.node && !writers.includes(from)) return
    for (const listener of this.#listeners.get(session) ?? []) {
      listener.shown ??= from
      if (listener.shown === from) listener.options.onDraft?.({ node: from, text })
    }
  }

  async view(session: SessionId): Promise<SessionView | null> {
    const mailbox = this.#init.sessions.find(session)
    if (mailbox) return this.#viewLive(mailbox)
    const stored = await this.#init.archive.find(session)
    if (!stored) return null
    const { crypto, identity, gatekeeper } = this.#init
    const secrets = new SessionSecrets(
      crypto,
      session,
      crypto.createSealKeyPair(new Uint8Array(32).fill(1)),
      stored.sessionKey,
    )
    let record = createRecord(session)
    for (const frame of stored.envelopes) {
      const envelope = await gatekeeper.verify(frame)
      if (envelope) record = addEntry(record, entryOf(envelope, secrets)).record
    }
    return viewSession({
      record,
      adopted: lowestValidVerdict(record),
      outcome: stored.status === 'running' ? 'failed' : stored.status,
      leader: identity.node,
      ownOperator: identity.certificate.operator,
      error: null,
      durationsMs: stored.durationsMs,
      droppedTurns: 0,
      aloneModel: null,
    })
  }

  /** The asker's holds the session's key, and so the texts; everybody else's does not. */
  async transcript(session: SessionId): Promise<TranscriptFile | null> {
    const mailbox = this.#init.sessions.find(session)
    const stored = mailbox ? null : await this.#init.archive.find(session)
    const frames = mailbox?.frames ?? stored?.envelopes
    if (!frames || frames.length === 0) return null
    const own = mailbox ? mailbox.state.question !== null : stored?.role === 'leader'
    const sessionKey = own ? (mailbox?.secrets.sessionKey ?? stored?.sessionKey ?? null) : null
    return {
      name: `tabswarm-${session.slice(0, 8)}.transcript`,
      bytes: encodeTranscript({ network: this.#init.network, frames: [...frames], sessionKey }),
    }
  }

  #answerOf(mailbox: SessionMailbox, { signal }: AskOptions): Answer {
    const { state, session } = mailbox
    const view = this.#viewLive(mailbox)
    switch (state.outcome) {
      case 'answered': {
        const verdict = state.adopted?.message.verdict ?? null
        const text = verdict && winningText(mailbox, verdict)
        if (text === null) throw new SessionFailedError('the winning answer cannot be read')
        return { text, session, verdict, view }
      }
      case 'alone':
        return { text: state.own.answer?.text ?? '', session, verdict: null, view }
      case 'cancelled':
        throw (signal?.reason as Error | undefined) ?? new DOMException('the question was stopped', 'AbortError')
      default:
        if (mailbox.error) throw mailbox.error
        if (!state.offer.engine) throw new NoEngineError('nobody answered, and no model is loaded here')
        throw new SessionFailedError('nobody answered in time')
    }
  }

  #viewLive(mailbox: SessionMailbox): SessionView {
    const { state } = mailbox
    const { identity } = this.#init
    return viewSession({
      record: state.record,
      adopted: state.adopted,
      outcome: state.outcome,
      leader: openedOf(state.record)?.from ?? identity.node,
      ownOperator: identity.certificate.operator,
      error: mailbox.error?.name ?? null,
      durationsMs: stageDurations(state),
      droppedTurns: (state.question?.droppedTurns ?? 0) + (state.own.answer?.droppedTurns ?? 0),
      aloneModel: state.outcome === 'alone' ? (state.own.answer?.by.modelName ?? null) : null,
    })
  }
}

function winningText(mailbox: SessionMailbox, { winner, answer }: Verdict): string | null {
  const reveal = said(
    mailbox.state.record,
    'result-revealed',
    (entry) => entry.from === winner && entry.message.answer.digest === answer,
  )
  return reveal?.message.answer.text ?? null
}
