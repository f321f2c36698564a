import type { SessionId } from '#core/protocol/ids.ts'
import type { Resumption } from '#core/session/resumption.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Gatekeeper } from './gatekeeper.ts'
import type { Neighbours } from './neighbours.ts'
import type { SessionArchive } from './session-archive.ts'
import type { SessionDesk } from './session-desk.ts'
import type { SessionMailbox } from './session-mailbox.ts'

/** A question older than this is not taken up again after a reload. */
const RESUMABLE_MS = 10 * 60_000

/** How long a question that must be asked again waits for company; then this tab answers alone. */
const LINK_WAIT_MS = 10_000

export interface ResumerInit {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly logger: Logger
  readonly archive: SessionArchive
  readonly gatekeeper: Gatekeeper
  readonly sessions: SessionDesk
  readonly neighbours: Neighbours
  /** Resolves when a model was loaded, or could not be. */
  engineTried(): Promise<void>
}

/** Takes up the questions that this tab was asking when it was reloaded. */
export class Resumer {
  readonly #init: ResumerInit
  readonly #resumed = new Map<SessionId, Promise<SessionMailbox>>()

  constructor(init: ResumerInit) {
    this.#init = init
  }

  find(session: SessionId): Promise<SessionMailbox> | undefined {
    return this.#resumed.get(session)
  }

  async start(): Promise<void> {
    const { clock, archive } = this.#init
    for (const { stored, resumption } of await archive.interrupted()) {
      const { session, envelopes, sessionKey } = stored
      if (clock.wallTimeMs() - stored.createdAtMs > RESUMABLE_MS || !sessionKey) continue
      this.#resumed.set(session, this.#resumeOne(session, resumption, envelopes, sessionKey))
    }
  }

  async #resumeOne(
    session: SessionId,
    resumption: Resumption,
    frames: readonly Uint8Array[],
    sessionKey: Uint8Array,
  ): Promise<SessionMailbox> {
    const { gatekeeper, sessions, neighbours, mesh, logger, engineTried } = this.#init
    const verified = await Promise.all(frames.map((frame) => gatekeeper.verify(frame)))
    const envelopes = verified.filter((envelope) => envelope !== null)
    // Others may have finished it; where they have not, this node's own part needs its model.
    await engineTried()
    if (!envelopes.some(({ message }) => message.type === 'roles-assigned')) return this.#askAgain(session, resumption)
    const mailbox = sessions.resume(session, resumption, envelopes, sessionKey)
    logger.log('info', 'session-resumed', { envelopes: envelopes.length })
    for (const { node } of mesh.state().links) void neighbours.catchUp(node)
    return mailbox
  }

  /** Nobody has the question yet, and whoever joined has given up waiting for it: a new session is quicker. */
  async #askAgain(session: SessionId, { question }: Resumption): Promise<SessionMailbox> {
    const { archive, sessions, logger } = this.#init
    await archive.abandon(session)
    await this.#firstLink()
    logger.log('info', 'session-asked-again')
    return sessions.ask({ ...question, asksAgain: false })
  }

  /** What is published before there is a link reaches nobody. */
  async #firstLink(): Promise<void> {
    const { mesh, clock } = this.#init
    if (mesh.state().links.length > 0) return
    await new Promise<void>((resolve) => {
      const cancelTimer = clock.setTimer(clock.now() + LINK_WAIT_MS, () => done())
      const unsubscribe = mesh.onStateChange(({ links }) => links.length > 0 && done())
      const done = () => {
        cancelTimer()
        unsubscribe()
        resolve()
      }
    })
  }
}
