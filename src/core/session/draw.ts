import { ascending, hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import type { Digest, NodeId, OperatorId, Salt, SessionId } from '../protocol/ids.ts'
import type { MessageOf, Needs, Role } from '../protocol/messages.ts'
import { assignedOf, openedOf, participantsOf } from './lookup.ts'
import type { Entry, SessionRecord } from './entry.ts'

type Opened = Entry<MessageOf<'session-opened'>>
type Join = Entry<MessageOf<'session-joined'>>

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
 * (SPEC ROLE-4). The asker's node never verifies. Operators are dealt to one side each, as long as both sides can be
 * filled that way; only where nobody else is there does one operator sit on both. Among those who may execute,
 * models not yet represented go first: diversity is what makes a vote worth something. Null when nobody can judge.
 */
export function drawRoles(opened: Opened, joins: readonly Join[], leaderNonce: Salt): Roles | null {
  const needs = fitNeeds(opened.message.needs, joins.length)
  if (!needs) return null
  const ranked = rankByTickets(beaconOf(opened.message.session, leaderNonce, joins), joins)
  return (
    dealApart(opened, ranked, needs, 'verifier') ??
    dealApart(opened, ranked, needs, 'executor') ??
    dealTogether(opened, ranked, needs)
  )
}

const operatorOf = (join: Join): OperatorId => join.message.certificate.operator

/** `first`: the side that the first operator who can goes to. One of the two orders fills both sides if any does. */
function dealApart(opened: Opened, ranked: readonly Join[], needs: Needs, first: Role): Roles | null {
  const asker = opened.message.certificate.operator
  const own = ranked.filter((join) => operatorOf(join) === asker && join.message.executes)
  const ownNode = own.filter((join) => join.from === opened.from)
  const executors: Join[] = [...ownNode]
  const verifiers: Join[] = []
  const operators = [...new Set(ranked.map(operatorOf))].filter((operator) => operator !== asker)
  for (const operator of operators) {
    const nodes = ranked.filter((join) => operatorOf(join) === operator)
    const judges = nodes.filter((join) => join.message.verifies)
    const answerers = nodes.filter((join) => join.message.executes)
    const verifiersWanted = judges.length > 0 ? needs.verifiers - verifiers.length : 0
    const executorsWanted = answerers.length > 0 ? needs.executors - executors.length : 0
    if (verifiersWanted <= 0 && executorsWanted <= 0) continue
    // One judge from outside comes before all else; then the side that lacks more.
    const judgeNext = verifiers.length === 0 && (first === 'verifier' || executors.length > 0)
    const answerNext = first === 'executor' && executors.length === 0 && executorsWanted > 0
    const judging = verifiersWanted > 0 && !answerNext && (judgeNext || verifiersWanted >= executorsWanted)
    if (judging) verifiers.push(...judges)
    else executors.push(...answerers)
  }
  executors.push(...own.filter((join) => join.from !== opened.from))
  if (executors.length === 0 || verifiers.length === 0) return null
  return {
    executors: diverseFirst(executors)
      .slice(0, needs.executors)
      .map((join) => join.from),
    verifiers: verifiers.slice(0, needs.verifiers).map((join) => join.from),
  }
}

function dealTogether(opened: Opened, ranked: readonly Join[], needs: Needs): Roles | null {
  const judges = ranked.filter((join) => join.message.verifies && join.from !== opened.from)
  const answerers = ranked.filter((join) => join.message.executes)
  // Whoever cannot or may not judge answers first, so that judges are left.
  const onlyAnswers = answerers.filter((join) => !judges.includes(join))
  const answersOrJudges = answerers.filter((join) => judges.includes(join))
  const spare = Math.max(0, judges.length - needs.verifiers)
  const available = [...onlyAnswers, ...answersOrJudges.slice(0, Math.max(spare, onlyAnswers.length === 0 ? 1 : 0))]
  const executors = diverseFirst(available).slice(0, needs.executors)
  const verifiers = judges.filter((join) => !executors.includes(join)).slice(0, needs.verifiers)
  if (executors.length === 0 || verifiers.length === 0) return null
  return { executors: executors.map((join) => join.from), verifiers: verifiers.map((join) => join.from) }
}

/** Keeps the order, but the first node of each model comes before the second of any. The first node stays first. */
function diverseFirst(joins: readonly Join[]): Join[] {
  const seen = new Set<Digest>()
  const first: Join[] = []
  const rest: Join[] = []
  for (const join of joins) {
    const model = join.message.model.modelDigest
    ;(seen.has(model) ? rest : first).push(join)
    seen.add(model)
  }
  return [...first, ...rest]
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

/** Joined nodes without a seat that could take one, best rank first (SPEC ROLE-6). */
export function reservesFor(record: SessionRecord, role: 'executor' | 'verifier', joins: readonly Join[]): NodeId[] {
  const opened = openedOf(record)
  const assigned = assignedOf(record)
  if (!opened || !assigned) return []
  const taken = participantsOf(record)
  const beacon = beaconOf(record.session, assigned.message.nonce, joins)
  return rankByTickets(beacon, joins)
    .filter((join) => !taken.includes(join.from) && join.from !== opened.from)
    .filter((join) => (role === 'executor' ? join.message.executes : join.message.verifies))
    .map((join) => join.from)
}
