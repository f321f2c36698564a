import type { NodeId } from '../protocol/ids.ts'
import { assignedOf, holderOf, openedOf, slotsOf } from './lookup.ts'
import type { SessionState } from './state.ts'

/**
 * Whom a node watches for a session that runs: the asker and whoever holds a seat, itself left out (SPEC ALIVE-1). A
 * reserve watches nobody, as it does nothing before it is called.
 */
export function watchedBy({ record, self, outcome }: SessionState): readonly NodeId[] {
  const asker = openedOf(record)?.from
  if (outcome !== null || asker === undefined || !assignedOf(record)) return []
  const seats = [...slotsOf(record, 'executor'), ...slotsOf(record, 'verifier')]
  const part = new Set([asker, ...seats.flatMap((slot) => holderOf(record, slot) ?? [])])
  return part.delete(self) ? [...part] : []
}
