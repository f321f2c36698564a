import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { SessionState } from '#core/session/state.ts'
import { openedOf } from '#core/session/lookup.ts'
import { watchedBy } from '#core/session/watched.ts'
import {
  countTick,
  hearAgain,
  newSilence,
  silenceAfterStandstill,
  TICK_MS,
  type Silence,
  type Way,
} from '#core/swarm/silence.ts'
import type { Clock } from '#ports/clock.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import { Beats } from './beats.ts'
import type { SessionMailbox } from './session-mailbox.ts'

type Session = Pick<SessionMailbox, 'state' | 'post'>

export interface FailureDetectorInit {
  readonly mesh: Mesh
  readonly clock: Clock
  readonly logger: Logger
  readonly stopping: AbortSignal
  /** This node's sessions; told when a participant turns out to have no part in them, or to be back. */
  sessions(): Iterable<Session>
  /** A node has been silent for too long, in whatever session. */
  onLost(node: NodeId): void
  /** A node that had been declared lost is there. */
  onBack(node: NodeId): void
}

/**
 * Notices within 2 s when a node that this one depends on is no longer there, though nobody said goodbye: WebRTC takes
 * up to half a minute to give a dead link up.
 *
 * Invariants: 1. no timer, stream or byte while no session runs; 2. being late oneself makes nobody lost; 3. whoever was
 * declared lost wrongly is taken back as soon as it is heard.
 */
export class FailureDetector {
  readonly #init: FailureDetectorInit
  readonly #beats: Beats
  readonly #silences = new Map<SessionId, Map<NodeId, Silence>>()
  #cancelTick: (() => void) | null = null

  constructor(init: FailureDetectorInit) {
    this.#init = init
    this.#beats = new Beats({
      ...init,
      takesPart: (session) => takesPart(this.#find(session)?.state),
      onHere: (...here) => this.#hear(...here),
      onAbsent: (node, session) => {
        if (this.#silences.get(session)?.get(node)?.gone !== false) return
        this.#find(session)?.post({ type: 'node-gone', node })
      },
    })
    init.stopping.addEventListener('abort', () => this.#stop(), { once: true })
  }

  /** Begins to watch where a session has come so far. Ends by itself. */
  sessionChanged({ state }: Pick<Session, 'state'>): void {
    if (this.#cancelTick === null && watchedBy(state).length > 0) this.#tickLater()
  }

  /** This node was deaf for a while: nobody's silence until now counts, and the streams may be dead. */
  stoodStill(): void {
    for (const silences of this.#silences.values()) {
      for (const [node, { gone }] of silences) {
        silences.set(node, { ...silenceAfterStandstill, gone })
        this.#beats.renew(node)
      }
    }
  }

  #tickLater(): void {
    const { clock, stopping } = this.#init
    if (stopping.aborted) return
    this.#cancelTick = clock.setTimer(clock.now() + TICK_MS, () => this.#tick())
  }

  #tick(): void {
    this.#cancelTick = null
    const { mesh } = this.#init
    const linked = new Set(mesh.state().links.map(({ node }) => node))
    const watched = new Set<NodeId>()
    const live = new Set<SessionId>()
    for (const { state } of this.#init.sessions()) {
      for (const node of watchedBy(state)) {
        live.add(state.session)
        watched.add(node)
        this.#count(state, node, linked)
      }
    }
    for (const session of this.#silences.keys()) if (!live.has(session)) this.#silences.delete(session)
    this.#beats.keepOnly(watched)
    if (live.size > 0) this.#tickLater()
  }

  #count(state: SessionState, node: NodeId, linked: ReadonlySet<NodeId>): void {
    const { session } = state
    const silences = this.#silences.get(session) ?? new Map<NodeId, Silence>()
    this.#silences.set(session, silences)
    const before = silences.get(node) ?? newSilence
    const way = linked.has(node) ? 'link' : this.#wayWithoutLink(state, node)
    const { silence, act } = countTick(before, {
      gone: state.gone.includes(node),
      way,
      turn: state.self < node ? 'first' : 'second',
    })
    silences.set(node, silence)
    if (act === 'beat') this.#beats.ask(node, session)
    if (act === 'lost') this.#declareLost(node)
  }

  /** A connection over the relay is worth its price between the asker and a participant, and not among participants. */
  #wayWithoutLink({ record, self }: SessionState, node: NodeId): Way {
    const asker = openedOf(record)?.from
    return (asker === self || asker === node) && this.#init.mesh.state().relay === 'connected' ? 'relay' : 'none'
  }

  #declareLost(node: NodeId): void {
    const { logger, onLost } = this.#init
    logger.count('alive:lost')
    logger.log('debug', 'node-lost', { node })
    this.#beats.renew(node)
    onLost(node)
  }

  #hear(node: NodeId, session: SessionId, roundTripMs: number | null): void {
    const { logger, onBack } = this.#init
    const silences = this.#silences.get(session)
    const silence = silences?.get(node)
    if (!silence) return
    silences?.set(node, hearAgain(silence, roundTripMs))
    // Gone since a tick ago at least: what was on its way when a node said goodbye does not bring it back.
    const found = this.#find(session)
    if (!silence.gone || !found?.state.gone.includes(node)) return
    logger.count('alive:back')
    logger.log('debug', 'node-back', { node, session })
    found.post({ type: 'node-back', node })
    onBack(node)
  }

  #find(session: SessionId): Session | undefined {
    for (const each of this.#init.sessions()) if (each.state.session === session) return each
    return undefined
  }

  #stop(): void {
    this.#cancelTick?.()
    this.#cancelTick = null
    this.#silences.clear()
    this.#beats.keepOnly(new Set())
  }
}

/** A participant that has its verdict is done, and not lost. */
function takesPart(state: SessionState | undefined): boolean {
  return state !== undefined && (state.outcome === null || state.outcome === 'answered')
}
