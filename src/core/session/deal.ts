import type { Digest, OperatorId } from '../protocol/ids.ts'
import type { MessageOf, Needs, Role } from '../protocol/messages.ts'
import type { Entry } from './entry.ts'

type Opened = Entry<MessageOf<'session-opened'>>
export type Join = Entry<MessageOf<'session-joined'>>

/** Who sits where, seat by seat. */
export interface Deal {
  readonly executors: readonly Join[]
  readonly verifiers: readonly Join[]
}

export const tierOf = (join: Join): number => join.message.model.tier
const operatorOf = (join: Join): OperatorId => join.message.certificate.operator
const highest = (joins: readonly Join[]): number => Math.max(-1, ...joins.map(tierOf))

/**
 * Deals the seats to joins in the order of their tickets (SPEC ROLE-5, ROLE-8, ROLE-9). Operators stay on one side
 * each, as long as both sides can be filled that way. Where tiers differ, the largest model that may answer does, and
 * others of its tier judge. Null when nobody can answer, or nobody can judge.
 */
export function dealSeats(opened: Opened, ranked: readonly Join[], needs: Needs): Deal | null {
  const tiersDiffer = ranked.some((join) => tierOf(join) !== tierOf(ranked[0] ?? join))
  return (
    (tiersDiffer ? dealApart(opened, ranked, needs, 'largest') : null) ??
    dealApart(opened, ranked, needs, 'verifier') ??
    dealApart(opened, ranked, needs, 'executor') ??
    dealTogether(opened, ranked, needs)
  )
}

/**
 * `first`: whom the operators are dealt to first. `largest`: the largest answers, then its equals judge. Of the other
 * two orders, one fills both sides if any does.
 */
function dealApart(opened: Opened, ranked: readonly Join[], needs: Needs, first: Role | 'largest'): Deal | null {
  const asker = opened.message.certificate.operator
  const own = ranked.filter((join) => operatorOf(join) === asker && join.message.executes)
  const ownNode = own.filter((join) => join.from === opened.from)
  const top = answeringTier(opened, ranked, needs)
  const executors: Join[] = [...ownNode]
  const verifiers: Join[] = []
  for (const nodes of byOperator(ranked.filter((join) => operatorOf(join) !== asker))) {
    const judges = nodes.filter((join) => join.message.verifies)
    const answerers = nodes.filter((join) => join.message.executes)
    // Those of lower tiers give way later, so only their betters count as seated.
    const judging = Math.min(top, highest(judges))
    const seatedJudges = verifiers.filter((join) => Math.min(top, tierOf(join)) >= judging)
    const seatedAnswers = executors.filter((join) => join.from === opened.from || tierOf(join) >= highest(answerers))
    const verifiersWanted = judges.length > 0 ? needs.verifiers - seatedJudges.length : 0
    const executorsWanted = answerers.length > 0 ? needs.executors - seatedAnswers.length : 0
    if (verifiersWanted <= 0 && executorsWanted <= 0) continue
    const topAnswers = highest([...executors, ...own]) >= top
    const judgesNext =
      // One judge from outside comes before all else.
      (verifiers.length === 0 && (first === 'verifier' || executors.length > 0)) ||
      (first === 'largest' && topAnswers && judging >= top)
    const answersNext =
      executorsWanted > 0 &&
      ((first === 'executor' && executors.length === 0) ||
        (first === 'largest' && !topAnswers && highest(answerers) >= top))
    // After that, the side that lacks more.
    if (verifiersWanted > 0 && !answersNext && (judgesNext || verifiersWanted >= executorsWanted))
      verifiers.push(...judges)
    else executors.push(...answerers)
  }
  executors.push(...own.filter((join) => join.from !== opened.from))
  return seat(opened, executors, verifiers, needs)
}

/** Where nobody can be kept to one side: whoever cannot or may not judge answers first, so that judges are left. */
function dealTogether(opened: Opened, ranked: readonly Join[], needs: Needs): Deal | null {
  const judges = ranked.filter((join) => join.message.verifies && join.from !== opened.from)
  const answerers = ranked.filter((join) => join.message.executes)
  const onlyAnswers = answerers.filter((join) => !judges.includes(join))
  const top = answeringTier(opened, ranked, needs)
  const answersOrJudges = largestThenSmaller(
    answerers.filter((join) => judges.includes(join)),
    top,
    highest(onlyAnswers) >= top,
  )
  const spare = Math.max(0, judges.length - needs.verifiers)
  const available = [...onlyAnswers, ...answersOrJudges.slice(0, Math.max(spare, onlyAnswers.length === 0 ? 1 : 0))]
  const executors = answersFirst(opened, available).slice(0, needs.executors)
  const left = judges.filter((join) => !executors.includes(join))
  return seat(opened, executors, left, needs)
}

function seat(opened: Opened, executors: readonly Join[], verifiers: readonly Join[], needs: Needs): Deal | null {
  if (executors.length === 0 || verifiers.length === 0) return null
  const answering = answersFirst(opened, executors).slice(0, needs.executors)
  return { executors: answering, verifiers: judgesFirst(verifiers, highest(answering)).slice(0, needs.verifiers) }
}

/** By their largest model, and among equals by their best rank. */
function byOperator(ranked: readonly Join[]): Join[][] {
  const nodes = new Map<OperatorId, Join[]>()
  for (const join of ranked) nodes.set(operatorOf(join), [...(nodes.get(operatorOf(join)) ?? []), join])
  return [...nodes.values()].sort((a, b) => highest(b) - highest(a))
}

/** The highest tier that can answer, with the asker in the seat that is always its own. */
function answeringTier(opened: Opened, ranked: readonly Join[], needs: Needs): number {
  const answerers = ranked.filter((join) => join.message.executes)
  const own = answerers.filter((join) => join.from === opened.from)
  return highest(own.length >= needs.executors ? own : answerers)
}

/** One of the top tier unless one is there already, then those below, so that the others of the top tier may judge. */
function largestThenSmaller(joins: readonly Join[], top: number, topIsThere: boolean): Join[] {
  const largest = joins.filter((join) => tierOf(join) >= top)
  const answers = topIsThere ? 0 : 1
  return [...largest.slice(0, answers), ...joins.filter((join) => tierOf(join) < top), ...largest.slice(answers)]
}

/**
 * The asker's own node, then the first of each model before the second of any (SPEC ROLE-7), of which higher tiers come
 * first (SPEC ROLE-8). Otherwise the order stays.
 */
function answersFirst(opened: Opened, joins: readonly Join[]): Join[] {
  const asker = joins.filter((join) => join.from === opened.from)
  const others = joins.filter((join) => join.from !== opened.from).sort((a, b) => tierOf(b) - tierOf(a))
  const seen = new Set<Digest>()
  const first: Join[] = []
  const rest: Join[] = []
  for (const join of [...asker, ...others]) {
    const model = join.message.model.modelDigest
    ;(seen.has(model) ? rest : first).push(join)
    seen.add(model)
  }
  return [...first, ...rest]
}

/**
 * Those who may judge answers of a tier, then the largest of those below (SPEC ROLE-9). A tier beyond what is asked for
 * is worth no more, and otherwise the order stays: so a boast buys no better rank than its needful part.
 */
export function judgesFirst(joins: readonly Join[], answersTier: number): Join[] {
  const worth = (join: Join) => Math.min(tierOf(join), answersTier)
  return [...joins].sort((a, b) => worth(b) - worth(a))
}
