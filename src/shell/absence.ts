import type { SessionId } from '#core/protocol/ids.ts'
import type { Device, DeviceState } from '#ports/device.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { AwakeClock } from './awake-clock.ts'
import type { AbsenceView, EngineStatus } from './facade.ts'
import type { Neighbours } from './neighbours.ts'
import type { PresenceDesk } from './presence-desk.ts'
import type { SessionMailbox } from './session-mailbox.ts'

export interface AbsenceInit {
  readonly clock: AwakeClock
  readonly device: Device
  readonly mesh: Mesh
  readonly logger: Logger
  readonly presence: PresenceDesk
  readonly neighbours: Neighbours
  sessions(): Iterable<SessionMailbox>
  onChange(): void
}

/**
 * Tells others when this tab goes and when it is back, and makes good for what it missed: hidden, frozen, asleep, on
 * another network (SPEC AWAY-1 to AWAY-6).
 */
export class Absence {
  readonly #init: AbsenceInit
  /** Own questions that were running when this node last stood still. */
  readonly #questions = new Set<SessionId>()
  readonly #cleanups: (() => void)[] = []
  #visibility: DeviceState['visibility']
  #last: AbsenceView | null = null
  #releaseScreen: (() => void) | null = null

  constructor(init: AbsenceInit) {
    this.#init = init
    this.#visibility = init.device.state().visibility
  }

  /** The last standstill that cost a question; null where none did. */
  get lost(): AbsenceView | null {
    return this.#last !== null && this.#last.questionsLost > 0 ? this.#last : null
  }

  start(): void {
    const { clock, device, mesh, logger, presence, onChange } = this.#init
    clock.start((durationMs) => this.#stoodStill(durationMs))
    if (device.state().wasDiscarded) logger.count('away:discarded')
    this.#cleanups.push(
      device.subscribe((state) => {
        const seen = state.visibility === 'visible' && this.#visibility === 'hidden'
        this.#visibility = state.visibility
        // Nothing tells a page that its machine slept, but somebody looks at it then.
        if (seen) mesh.wake()
        presence.announce()
        onChange()
      }),
      device.onNetworkChange(() => {
        logger.count('away:network')
        mesh.wake()
      }),
      device.onLeave(() => void presence.sayGoodbye().catch(() => undefined)),
      device.onReturn(() => {
        logger.count('away:returned')
        this.#rejoin()
        presence.comeBack()
      }),
    )
  }

  stop(): void {
    this.#init.clock.stop()
    for (const cleanup of this.#cleanups) cleanup()
    this.#letScreenGo()
  }

  /** The tab or the machine stood still for so long, and hears and acts again since just now. */
  #stoodStill(durationMs: number): void {
    const { logger, presence, sessions } = this.#init
    logger.count('away:standstill')
    logger.log('info', 'stood-still', { ms: Math.round(durationMs) })
    for (const { session, state } of sessions()) {
      if (state.question && state.outcome === null) this.#questions.add(session)
    }
    this.#last = { durationMs: Math.round(durationMs), questionsLost: 0 }
    presence.stoodStill(durationMs)
    this.#rejoin()
  }

  /** To be called when a session has come further. */
  sessionChanged({ session, state }: SessionMailbox): void {
    if (state.outcome === null || !this.#questions.delete(session)) return
    if (this.#last && state.outcome === 'failed') {
      this.#last = { ...this.#last, questionsLost: this.#last.questionsLost + 1 }
    }
  }

  /** While the engine is at work the screen stays on: a machine that nobody touches sleeps in the middle of an answer. */
  engineChanged(status: EngineStatus): void {
    if (status.phase === 'ready' && status.busy) this.#releaseScreen ??= this.#init.device.keepAwake()
    else this.#letScreenGo()
    this.#init.onChange()
  }

  #letScreenGo(): void {
    this.#releaseScreen?.()
    this.#releaseScreen = null
  }

  #rejoin(): void {
    const { mesh, neighbours, sessions } = this.#init
    for (const mailbox of sessions()) mailbox.post({ type: 'stood-still' })
    mesh.wake()
    neighbours.stoodStill()
  }
}
