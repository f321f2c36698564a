import { ascending, hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import type { Digest, NodeId, Salt, SessionId } from '../protocol/ids.ts'
import type { MessageOf, Needs, Role } from '../protocol/messages.ts'
import { dealSeats, judgesFirst, tierOf, type Join } from './deal.ts'
import type { Entry, SessionRecord } from './entry.ts'
import { assignedOf, holderOf, openedOf, participantsOf, slotsOf } from './lookup.ts'

type Opened = Entry<MessageOf<'session-opened'>>

export interface Roles {
  readonly executors: readonly NodeId[]
  readonly verifiers: readonly NodeId[]
}

/** Executors and verifiers for a swarm of `size` nodes, the asker included (the table of SPEC ROLE-1). */
export function needsForSize(size: number): Needs | null {
  if (size < 2) return null
  const table: Record<number, [number, number]> = { 2: [1, 1], 3: [2, 1], 4: [2, 2], 5: [3, 2], 6: [3, 3], 7: [3, 4] }
  const [executors, verifiers] = table[size] ?? [3, 5]
  return { executors, verifiers }
}

/** What a session can have when only `joined` came: all it asked for, else what fits a swarm of that size. */
export function fitNeeds(wanted: Needs, joined: number): Needs | null {
  if (joined >= wanted.executors + wanted.verifiers) return wanted
  const fit = needsForSize(joined)
  if (!fit) return null
  const verifiers = Math.min(wanted.verifiers, fit.verifiers)
  const executors = Math.min(wanted.executors, joined - verifiers)
  return { executors, verifiers }
}

/** What nobody could foresee while joining: the leader's committed nonce and every joiner's hidden salt (SPEC ROLE-2). */
export function beaconOf(session: SessionId, leaderNonce: Salt, joins: readonly Join[]): Digest {
  const salts = [...joins]
    .sort((a, b) => ascending(a.from, b.from))
    .flatMap((join) => [join.from, join.message.saltCommitment])
  return domainHash('beacon', [hexToBytes(session), hexToBytes(leaderNonce), ...salts.map((hex) => hexToBytes(hex))])
}

/**
 * Orders nodes by their lowest ticket, SHA-256(beacon, node, i) for i below the node's weight (SPEC ROLE-3). All
 * weights are 1 in this version.
 */
export function rankByTickets<T extends { readonly from: NodeId }>(beacon: Digest, joins: readonly T[]): T[] {
  const weight = 1
  const rank = (node: NodeId) =>
    Array.from({ length: weight }, (_, i) =>
      domainHash('ticket', [hexToBytes(beacon), hexToBytes(node), String(i)]),
    ).reduce((lowest, ticket) => (ticket < lowest ? ticket : lowest))
  return joins
    .map((join) => ({ join, rank: rank(join.from) }))
    .sort((a, b) => ascending(a.rank, b.rank))
    .map(({ join }) => join)
}

/**
 * Who executes and who verifies: a pure function of the joins and the beacon, which every participant checks
 * (SPEC ROLE-4). The asker's node never verifies. Null when nobody can judge, or nobody can answer.
 */
export function drawRoles(opened: Opened, joins: readonly Join[], leaderNonce: Salt): Roles | null {
  const needs = fitNeeds(opened.message.needs, joins.length)
  if (!needs) return null
  const ranked = rankByTickets(beaconOf(opened.message.session, leaderNonce, joins), joins)
  const deal = dealSeats(opened, ranked, needs)
  const nodes = (side: readonly Join[]) => side.map((join) => join.from)
  return deal && { executors: nodes(deal.executors), verifiers: nodes(deal.verifiers) }
}

/**
 * Who leads a term: the asker term 0; else the k-th participant by rank (SPEC TERM-1). Counted over the seats as
 * first drawn, so that later replacements do not change anybody's turn.
 */
export function takeoverLeader(record: SessionRecord, term: number): NodeId | undefined {
  const opened = openedOf(record)
  const assigned = assignedOf(record)
  if (!opened || !assigned) return undefined
  if (term === 0) return opened.from
  return takeoverOrder(record)[term - 1]
}

/** The term that a node would lead; null for the asker and for whoever holds no first seat. */
export function takeoverTerm(record: SessionRecord, node: NodeId): number | null {
  const index = takeoverOrder(record).indexOf(node)
  return index < 0 ? null : index + 1
}

/** By assignment: every step may ask for it, and it takes a hash a seat. */
const takeoverOrders = new WeakMap<Entry, readonly NodeId[]>()

function takeoverOrder(record: SessionRecord): readonly NodeId[] {
  const assigned = assignedOf(record)
  if (!assigned) return []
  let order = takeoverOrders.get(assigned)
  if (!order) {
    const { session, nonce, executors, verifiers } = assigned.message
    const others = [...executors, ...verifiers].filter((node) => node !== assigned.from)
    order = rankByTickets(
      domainHash('beacon', [hexToBytes(session), hexToBytes(nonce)]),
      others.map((from) => ({ from })),
    ).map(({ from }) => from)
    takeoverOrders.set(assigned, order)
  }
  return order
}

/**
 * Joined nodes without a seat that could take one, best rank first (SPEC ROLE-6); for a judge's seat those first who may
 * judge the largest model that answers.
 */
export function reservesFor(record: SessionRecord, role: Role, joins: readonly Join[]): NodeId[] {
  const opened = openedOf(record)
  const assigned = assignedOf(record)
  if (!opened || !assigned) return []
  const taken = participantsOf(record)
  const beacon = beaconOf(record.session, assigned.message.nonce, joins)
  const free = rankByTickets(beacon, joins)
    .filter((join) => !taken.includes(join.from) && join.from !== opened.from)
    .filter((join) => (role === 'executor' ? join.message.executes : join.message.verifies))
  const answering = slotsOf(record, 'executor').map((slot) => holderOf(record, slot))
  const answersTier = Math.max(0, ...joins.filter((join) => answering.includes(join.from)).map(tierOf))
  return (role === 'verifier' ? judgesFirst(free, answersTier) : free).map((join) => join.from)
}
