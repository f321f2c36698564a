import type { Role } from '../protocol/messages.ts'
import type { Entry, SessionRecord } from './entry.ts'

/**
 * A question to a record that is answered once for the same entries: entries are never changed in place, and a step
 * asks the same many times. `compute` may look at nothing but the entries and the session.
 */
export function derived<T>(compute: (record: SessionRecord) => T): (record: SessionRecord) => T {
  const answers = new WeakMap<readonly Entry[], { readonly answer: T }>()
  return (record) => {
    let known = answers.get(record.entries)
    if (!known) answers.set(record.entries, (known = { answer: compute(record) }))
    return known.answer
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
