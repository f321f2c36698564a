import { seatOf } from '#core/session/lookup.ts'
import type { Presence } from '#core/swarm/presence.ts'
import type { Device } from '#ports/device.ts'
import type { Identity } from '#ports/key-store.ts'
import type { Logger } from '#ports/logger.ts'
import type { MeshState, Mesh } from '#ports/mesh.ts'
import type { Settings, Store } from '#ports/store.ts'
import type { AbsenceView, EngineStatus, ModelFamily, ModelsStatus, PeerView, SwarmStatus } from './facade.ts'
import type { SessionMailbox } from './session-mailbox.ts'

/** What a node shows of itself and of its swarm. */

export interface NodeParts {
  readonly identity: Identity
  readonly network: string
  readonly mesh: Mesh
  readonly store: Store
  readonly device: Device
  readonly logger: Logger
  readonly family: ModelFamily | null
  readonly engine: EngineStatus
  readonly models: ModelsStatus | null
  readonly settings: Settings
  readonly lostAsleep: AbsenceView | null
  readonly mailboxes: Iterable<SessionMailbox>
}

export function statusOf(parts: NodeParts): SwarmStatus {
  const { identity, network, mesh, store, device, logger, family, engine, models, settings, mailboxes } = parts
  const { secureContext, online } = device.state()
  return {
    node: identity.node,
    operator: identity.certificate.operator,
    network,
    mesh: mesh.state(),
    engine,
    models,
    family,
    roles: [...mailboxes].flatMap((mailbox) => rolesIn(mailbox, identity)),
    settings,
    storageProblem: store.problem,
    secureContext,
    online,
    lostAsleep: parts.lostAsleep,
    counters: logger.counts(),
  }
}

function rolesIn({ state, session }: SessionMailbox, { node }: Identity): SwarmStatus['roles'] {
  if (state.outcome !== null) return []
  const seat = seatOf(state.record, node)
  return [
    ...(state.question ? [{ session, role: 'leader' as const }] : []),
    ...(seat ? [{ session, role: seat.role }] : []),
  ]
}

export function peersOf({ certificate }: Identity, mesh: MeshState, present: readonly Presence[]): PeerView[] {
  const links = new Map(mesh.links.map((link) => [link.node, link]))
  return present.map(({ node, said }) => ({
    node,
    operator: said.certificate.operator,
    own: said.certificate.operator === certificate.operator,
    link: links.get(node) ?? null,
    engines: said.engines,
    visibility: said.visibility,
    executes: said.executes,
    verifies: said.verifies,
  }))
}
