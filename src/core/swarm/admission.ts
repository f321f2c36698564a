import type { NodeId, OperatorId } from '../protocol/ids.ts'
import type { EngineOffer, MessageOf } from '../protocol/messages.ts'
import { rolesThatFit, type RolesOffered } from './fit.ts'

/** Foreign work taken from one leader, from one operator, and from all together, in a minute (SPEC JOIN-2). */
const PER_LEADER = 30
const PER_OPERATOR = 60
const FROM_ALL = 600
const MINUTE_MS = 60_000

/** A slot is not held for longer on the word of somebody who may never assign a role. */
const MAX_HOLD_MS = 60_000

export interface AdmissionState {
  /** Of the last minute; at most `FROM_ALL`. */
  readonly taken: readonly { readonly leader: NodeId; readonly operator: OperatorId; readonly at: number }[]
}

export const noAdmissions: AdmissionState = { taken: [] }

export interface Capacity {
  readonly self: NodeId
  readonly contributes: boolean
  readonly engine: EngineOffer | null
  /** Sessions that hold the engine now, this node's own among them. */
  readonly reserved: number
  /** Who asked the foreign ones of them: an operator a session. */
  readonly heldFor: readonly OperatorId[]
  /** How many may hold it at once: they are computed one after another. */
  readonly slots: number
}

export type Decline =
  'not-invited' | 'does-not-contribute' | 'no-engine' | 'busy' | 'fair-share' | 'rate-limited' | 'too-slow' | 'too-long'

export type Admission =
  | { readonly state: AdmissionState; readonly decline: Decline }
  /** `roles`: what this node is fast enough for (SPEC FIT-2). */
  | { readonly state: AdmissionState; readonly decline: null; readonly roles: RolesOffered }

/** Whether this node takes part in a session that it is invited to. A node's own sessions always have its engine. */
export function considerJoining(
  state: AdmissionState,
  capacity: Capacity,
  leader: NodeId,
  opened: MessageOf<'session-opened'>,
  now: number,
): Admission {
  if (!opened.invited.includes(capacity.self)) return { state, decline: 'not-invited' }
  if (leader === capacity.self) return { state, decline: null, roles: { executes: true, verifies: false } }
  if (!capacity.contributes) return { state, decline: 'does-not-contribute' }
  if (!capacity.engine) return { state, decline: 'no-engine' }
  const { joinMs, finalizeMs } = opened.deadlines
  if (joinMs + 2 * finalizeMs > MAX_HOLD_MS) return { state, decline: 'too-long' }
  const roles = rolesThatFit(capacity.engine, opened)
  if (!roles.executes && !roles.verifies) return { state, decline: 'too-slow' }
  if (capacity.reserved >= capacity.slots) return { state, decline: 'busy' }
  const { operator } = opened.certificate
  if (!isWithinShare(capacity, operator)) return { state, decline: 'fair-share' }
  const recent = state.taken.filter(({ at }) => now - at < MINUTE_MS)
  const byLeader = recent.filter((taken) => taken.leader === leader).length
  const byOperator = recent.filter((taken) => taken.operator === operator).length
  if (byLeader >= PER_LEADER || byOperator >= PER_OPERATOR || recent.length >= FROM_ALL)
    return { state: { taken: recent }, decline: 'rate-limited' }
  return { state: { taken: [...recent, { leader, operator, at: now }] }, decline: null, roles }
}

/**
 * Whoever holds slots gets one more only where more are free than it holds (SPEC JOIN-4). So one operator alone holds
 * half of them at the most, with however many tabs, and the last free one goes to somebody who holds none.
 */
function isWithinShare({ reserved, slots, heldFor }: Capacity, operator: OperatorId): boolean {
  const held = heldFor.filter((other) => other === operator).length
  return slots - reserved > held
}

/** How long an answer of full length takes on an engine, in ms. */
export function estimateMs(engine: Pick<EngineOffer, 'decodeTokensPerSecond'>, maxTokens: number): number {
  return Math.round((maxTokens / Math.max(1, engine.decodeTokensPerSecond)) * 1000)
}
