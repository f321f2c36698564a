import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { seatOf } from '#core/session/lookup.ts'
import { decodeResumption, encodeResumption, type Resumption } from '#core/session/resumption.ts'
import type { Mark, SessionState } from '#core/session/state.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Store, StoredSession } from '#ports/store.ts'

/** A reload cuts off what runs now, and so what is among the newest. */
const MAX_INTERRUPTED = 16

/** A session as the archive needs it. */
export interface Archivable {
  readonly session: SessionId
  readonly state: SessionState
  readonly secrets: { readonly sessionKey: Uint8Array | null }
  /** Frames to keep, in order of arrival. */
  readonly kept: readonly Uint8Array[]
}

/** Keeps sessions: while they run, so that a reloaded asker goes on; afterwards as evidence and history. */
export class SessionArchive {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #self: NodeId
  readonly #createdAtMs = new Map<SessionId, number>()
  readonly #sealSeeds = new Map<SessionId, Uint8Array>()

  constructor(self: NodeId, store: Store, clock: Clock, logger: Logger) {
    this.#self = self
    this.#store = store
    this.#clock = clock
    this.#logger = logger
  }

  /** To be called before the first `save` of a session of one's own. */
  keepSealSeed(session: SessionId, seed: Uint8Array): void {
    this.#sealSeeds.set(session, seed)
  }

  async save(archived: Archivable): Promise<void> {
    const { state, session, secrets, kept } = archived
    const createdAtMs = this.#createdAtMs.get(session) ?? this.#clock.wallTimeMs()
    this.#createdAtMs.set(session, createdAtMs)
    try {
      await this.#store.sessions.put(state.question ? session : `${session}/${state.self}`, {
        session,
        createdAtMs,
        envelopes: kept,
        sessionKey: state.question ? secrets.sessionKey : null,
        role: roleOf(state),
        status: state.outcome ?? 'running',
        resumption: state.outcome === null ? this.#resumptionOf(state) : null,
        durationsMs: stageDurations(state),
      })
    } catch (error) {
      // A full disk must not stop a session; the store has told the user.
      this.#logger.log('warn', 'session-not-kept', { error: (error as Error).name })
    }
  }

  /** The asker's record where a tab of this profile asked, else this node's own. */
  async find(session: SessionId): Promise<StoredSession | undefined> {
    return (await this.#store.sessions.get(session)) ?? this.#store.sessions.get(`${session}/${this.#self}`)
  }

  /** What this very node knows; a reloaded asker would learn nothing from its own record. */
  async findOwn(session: SessionId): Promise<StoredSession | undefined> {
    return (await this.#store.sessions.get(`${session}/${this.#self}`)) ?? this.#store.sessions.get(session)
  }

  /** Whether this very node, and not another tab of the profile, took part. */
  async hasJoined(session: SessionId): Promise<boolean> {
    const stored = await this.#store.sessions.get(`${session}/${this.#self}`).catch(() => undefined)
    return stored !== undefined
  }

  /** Sessions that this node asked and that were cut off, newest first. */
  async interrupted(): Promise<{ stored: StoredSession; resumption: Resumption }[]> {
    const stored = await this.#store.sessions.list(MAX_INTERRUPTED)
    return stored.flatMap((session) => {
      if (session.status !== 'running' || !session.resumption) return []
      const resumption = decodeResumption(session.resumption)
      if (resumption?.self !== this.#self) return []
      this.#createdAtMs.set(session.session, session.createdAtMs)
      this.#sealSeeds.set(session.session, resumption.sealSeed)
      return [{ stored: session, resumption }]
    })
  }

  /** Never to be taken up again. */
  async abandon(session: SessionId): Promise<void> {
    const stored = await this.#store.sessions.get(session)
    if (stored) await this.#store.sessions.put(session, { ...stored, status: 'failed', resumption: null })
  }

  #resumptionOf({ self, session, seed, question, own }: SessionState): Uint8Array | null {
    const sealSeed = this.#sealSeeds.get(session)
    if (!question || !sealSeed) return null
    return encodeResumption({ self, seed, question, own, sealSeed })
  }
}

function roleOf(state: SessionState): StoredSession['role'] {
  return state.question ? 'leader' : (seatOf(state.record, state.self)?.role ?? 'observer')
}

const STAGES: readonly [string, Mark, Mark][] = [
  ['advertise', 'started', 'assigned'],
  ['execute', 'assigned', 'answers-ready'],
  ['verify', 'answers-ready', 'scores-ready'],
  ['finalize', 'scores-ready', 'verdict'],
]

/** How long each stage took on this node's own clock, in ms; stages not passed are missing. */
export function stageDurations(state: SessionState): Record<string, number> {
  return Object.fromEntries(
    STAGES.flatMap(([stage, from, to]) => {
      const began = state.marks[from]
      const ended = state.marks[to]
      return began === undefined || ended === undefined ? [] : [[stage, Math.round(ended - began)]]
    }),
  )
}
