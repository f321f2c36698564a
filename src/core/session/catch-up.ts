import { allSaid, openedOf } from './lookup.ts'
import { since } from './progress.ts'
import { verdictDueAt } from './takeover.ts'
import { fetchAgain, markWhile, type Turn } from './turn.ts'
import { missingDigests } from './witness.ts'

/**
 * Asks others for all that they have of the session (SPEC WIT-5), where this node seems to have missed something: when
 * what it heard has long been waiting for what it rests on, when the verdict is overdue, and for as long as it goes by a
 * take-over. So a lost message, or a divided network, costs one node time, and does not leave it with a verdict of its
 * own.
 */
export function catchUp(turn: Turn): void {
  const { record, adopted } = turn.state
  const finalizeMs = openedOf(record)?.message.deadlines.finalizeMs
  if (finalizeMs === undefined || adopted?.message.term === 0) return
  const patienceMs = finalizeMs / 2
  markWhile(turn, 'lacking', record.early.length > 0 || holdsUnreadVerdict(turn))
  fetchAgain(turn, 'lacking', (since(turn.state, 'lacking') ?? Infinity) + patienceMs, patienceMs)
  if (adopted) fetchAgain(turn, 'take-over', since(turn.state, 'verdict') ?? turn.now, patienceMs)
  else fetchAgain(turn, 'verdict', verdictDueAt(turn.state) + patienceMs, patienceMs)
}

/** A verdict that would be gone by, could it be checked. */
function holdsUnreadVerdict(turn: Turn): boolean {
  const { record, adopted } = turn.state
  return allSaid(record, 'verdict-reached').some(
    ({ message }) =>
      message.term < (adopted?.message.term ?? Infinity) && missingDigests(record, message.counted).length > 0,
  )
}
