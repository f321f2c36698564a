import { ascending, hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import type { Digest, NodeId } from '../protocol/ids.ts'
import { MAX_SCORE } from '../protocol/limits.ts'
import type { Doubt, MessageOf, Verdict } from '../protocol/messages.ts'
import type { Entry, SessionRecord } from './entry.ts'
import { resultCommitment } from './commitment.ts'
import { countedResults, countedScores } from './counted.ts'
import { joinOf, openedOf } from './lookup.ts'

type Result = Entry<MessageOf<'result-revealed'>>
type Scores = Entry<MessageOf<'scores-revealed'>>

/** Below this no answer convinced its judges. */
const LOW_SCORE = 5000
/** Closer than this, two answers are as good as each other. */
const NARROW_MARGIN = 500
/** Two judges further apart than this saw different things. */
const WIDE_DISAGREEMENT = 5000

/**
 * The verdict (SPEC VER-1): a pure function of the counted entries in integer arithmetic, the same on every machine.
 * Answers rank by the flat mean of the scores that they got, rounded down; ties by SHA-256 over all revealed salts
 * and the answer's commitment, which nobody could foresee while anything was still open. A score that was never
 * revealed is absent. Null while the record holds no answer.
 */
export function decide(record: SessionRecord): Verdict | null {
  const results = countedResults(record)
  if (results.length === 0) return null
  const scores = countedScores(record)
  const salts = domainHash('tie', revealedSalts(results, scores).map(hexToBytes))
  const ranking = results
    .map((result) => ({
      node: result.from,
      answer: result.message.answer.digest,
      ...aggregate(scoresFor(scores, result)),
      tie: domainHash('tie', [hexToBytes(salts), hexToBytes(commitmentBehind(result))]),
    }))
    .sort((a, b) => b.aggregate - a.aggregate || b.judges - a.judges || ascending(a.tie, b.tie))
    .map(({ node, answer, aggregate, judges }) => ({ node, answer, aggregate, judges }))
  const best = ranking[0]
  if (!best) return null
  return {
    winner: best.node,
    answer: best.answer,
    ranking,
    margin: best.aggregate - (ranking[1]?.aggregate ?? 0),
    independence: independenceOf(record, results, scores),
    doubtful: doubts(record, ranking, scores, results),
  }
}

/** What the executor was bound to before any salt was shown; the reveal's envelope it could still choose. */
function commitmentBehind({ from, message }: Result): Digest {
  return resultCommitment(message.session, from, message.slot, message.salt, message.answer.digest)
}

/** Nobody's score of their own answer counts. */
function scoresFor(scores: readonly Scores[], result: Result): number[] {
  const answer = result.message.answer.digest
  return scores
    .filter((entry) => entry.from !== result.from)
    .flatMap((entry) => entry.message.scores.filter((score) => score.answer === answer).map(({ score }) => score))
}

function aggregate(scores: readonly number[]): { aggregate: number; judges: number } {
  if (scores.length === 0) return { aggregate: 0, judges: 0 }
  return { aggregate: Math.floor(scores.reduce((sum, score) => sum + score, 0) / scores.length), judges: scores.length }
}

function revealedSalts(results: readonly Result[], scores: readonly Scores[]): string[] {
  return [...results.map((entry) => entry.message.salt), ...scores.map((entry) => entry.message.secretSalt)].sort(
    ascending,
  )
}

/** A verifier is independent when its operator stands neither behind the asker nor behind any answer (SPEC VER-3). */
function independenceOf(
  record: SessionRecord,
  results: readonly Result[],
  scores: readonly Scores[],
): Verdict['independence'] {
  const operatorOf = (node: NodeId) => joinOf(record, node)?.message.certificate.operator
  const involved = new Set([
    openedOf(record)?.message.certificate.operator,
    ...results.map((entry) => operatorOf(entry.from)),
  ])
  const verifiers = new Set(scores.map((entry) => entry.from))
  const independent = [...verifiers].filter((node) => operatorOf(node) && !involved.has(operatorOf(node)))
  return { independentVerifiers: independent.length, verifiers: verifiers.size }
}

function doubts(
  record: SessionRecord,
  ranking: Verdict['ranking'],
  scores: readonly Scores[],
  results: readonly Result[],
): Doubt[] {
  const [best, second] = ranking
  if (!best) return []
  const winning = results.find((entry) => entry.from === best.node)
  const bestScores = winning ? scoresFor(scores, winning) : []
  const spread = bestScores.length > 0 ? Math.max(...bestScores) - Math.min(...bestScores) : 0
  const tierOf = (node: NodeId) => joinOf(record, node)?.message.model.tier ?? 0
  const highestTier = Math.max(...results.map((entry) => tierOf(entry.from)))
  const found: Record<Doubt, boolean> = {
    'low-scores': best.aggregate < LOW_SCORE && best.judges > 0,
    'narrow-margin': second !== undefined && best.aggregate - second.aggregate < NARROW_MARGIN,
    'no-verifier': best.judges === 0,
    'one-verifier': best.judges === 1,
    'one-answer': ranking.length === 1,
    disagreement: spread > WIDE_DISAGREEMENT,
    'lower-tier-judge': scores.some((entry) => tierOf(entry.from) < highestTier),
  }
  return (Object.keys(found) as Doubt[]).filter((doubt) => found[doubt])
}

/** From a calibrated probability to the wire. */
export function toScore(quality: number): number {
  return Math.min(MAX_SCORE, Math.max(0, Math.round(quality * MAX_SCORE)))
}

/** Whether two verdicts say the same. */
export function sameVerdict(a: Verdict, b: Verdict): boolean {
  return JSON.stringify(canonical(a)) === JSON.stringify(canonical(b))
}

/** Field by field, in one order: verdicts off the wire have their keys sorted, ours do not. */
function canonical(verdict: Verdict): unknown[] {
  return [
    verdict.winner,
    verdict.answer,
    verdict.ranking.map(({ node, answer, aggregate, judges }) => [node, answer, aggregate, judges]),
    verdict.margin,
    verdict.independence.independentVerifiers,
    verdict.independence.verifiers,
    verdict.doubtful,
  ]
}
