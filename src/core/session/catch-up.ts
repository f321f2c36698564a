import { fetchOnce, due, markWhile, type Turn } from './turn.ts'
import { openedOf } from './lookup.ts'
import { since } from './progress.ts'

/**
 * Asks others for all that they have of the session, once a reason (SPEC WIT-5), where this node seems to have missed
 * something: when what it heard has long been waiting for what it rests on, when the verdict is overdue, and when it
 * goes by a take-over. So a lost message costs one node time, and does not leave it with a verdict of its own.
 */
export function catchUp(turn: Turn): void {
  const { record, adopted } = turn.state
  const finalizeMs = openedOf(record)?.message.deadlines.finalizeMs
  if (finalizeMs === undefined || adopted?.message.term === 0) return
  const patienceMs = finalizeMs / 2
  markWhile(turn, 'lacking', record.early.length > 0)
  const lackingSince = since(turn.state, 'lacking') ?? Infinity
  if (due(turn, 'catch-up', lackingSince + patienceMs)) fetchOnce(turn, 'lacking', [])
  if (adopted) return fetchOnce(turn, 'take-over', [])
  const readySince = since(turn.state, 'scores-ready') ?? Infinity
  if (due(turn, 'catch-up', readySince + patienceMs)) fetchOnce(turn, 'verdict', [])
}
