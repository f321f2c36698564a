import type { Role } from '../protocol/messages.ts'
import type { Entry, SessionRecord } from './entry.ts'

/** Answers by question. One weak map for all of them: each would be one more for every garbage collection to walk. */
const answersTo = new WeakMap<readonly Entry[], Map<object, unknown>>()

/**
 * A question to a record that is answered once for the same entries: entries are never changed in place, and a step
 * asks the same many times. `compute` may look at nothing but the entries and the session.
 */
export function derived<T>(compute: (record: SessionRecord) => T): (record: SessionRecord) => T {
  return (record) => {
    let answers = answersTo.get(record.entries)
    if (!answers) answersTo.set(record.entries, (answers = new Map()))
    if (!answers.has(compute)) answers.set(compute, compute(record))
    return answers.get(compute) as T
  }
}

/** The same for a question about one role. */
export function derivedByRole<T>(
  compute: (record: SessionRecord, role: Role) => T,
): (record: SessionRecord, role: Role) => T {
  const executor = derived((record) => compute(record, 'executor'))
  const verifier = derived((record) => compute(record, 'verifier'))
  return (record, role) => (role === 'executor' ? executor(record) : verifier(record))
}
