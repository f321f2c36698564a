import type { NodeId, OperatorId } from '../protocol/ids.ts'
import type { EngineOffer, MessageOf } from '../protocol/messages.ts'
import { rolesThatFit, type RolesOffered } from './fit.ts'

/** Foreign work taken from one leader, and from one operator, in a minute (SPEC JOIN-2). */
const PER_LEADER = 30
const PER_OPERATOR = 60
const MINUTE_MS = 60_000

export interface AdmissionState {
  readonly taken: readonly { readonly leader: NodeId; readonly operator: OperatorId; readonly at: number }[]
}

export const noAdmissions: AdmissionState = { taken: [] }

export interface Capacity {
  readonly self: NodeId
  readonly contributes: boolean
  readonly engine: EngineOffer | null
  /** Sessions that hold the engine now. */
  readonly reserved: number
  /** How many may hold it at once: they are computed one after another. */
  readonly slots: number
}

export type Decline = 'not-invited' | 'does-not-contribute' | 'no-engine' | 'busy' | 'rate-limited' | 'too-slow'

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
  if (capacity.reserved >= capacity.slots) return { state, decline: 'busy' }
  const roles = rolesThatFit(capacity.engine, opened)
  if (!roles.executes && !roles.verifies) return { state, decline: 'too-slow' }
  const recent = state.taken.filter(({ at }) => now - at < MINUTE_MS)
  const operator = opened.certificate.operator
  const byLeader = recent.filter((taken) => taken.leader === leader).length
  const byOperator = recent.filter((taken) => taken.operator === operator).length
  if (byLeader >= PER_LEADER || byOperator >= PER_OPERATOR) return { state: { taken: recent }, decline: 'rate-limited' }
  return { state: { taken: [...recent, { leader, operator, at: now }] }, decline: null, roles }
}

/** How long an answer of full length takes on an engine, in ms. */
export function estimateMs(engine: Pick<EngineOffer, 'decodeTokensPerSecond'>, maxTokens: number): number {
  return Math.round((maxTokens / Math.max(1, engine.decodeTokensPerSecond)) * 1000)
}
