import type { SessionId } from '../protocol/ids.ts'
import type { SealedText, SessionMessage } from '../protocol/messages.ts'
import { MAX_CONFLICTS_PER_SENDER, MAX_EARLY, MAX_EARLY_PER_SENDER } from '../protocol/limits.ts'
import { admit, textHolds, type Refusal } from './admit.ts'
import type { Entry, SessionRecord } from './entry.ts'

export interface Addition {
  readonly record: SessionRecord
  /** What was taken up: the entry, and early ones that had waited for it. */
  readonly added: readonly Entry[]
  readonly refused: readonly { entry: Entry; reason: Refusal }[]
}

export function createRecord(session: SessionId): SessionRecord {
  return { session, entries: [], early: [], conflicts: [] }
}

/**
 * Takes up a statement, then whatever waited for it. Unless somebody contradicts itself, the order of arrival does not
 * matter (SPEC REC-2).
 */
export function addEntry(record: SessionRecord, entry: Entry): Addition {
  const held = record.entries.find((other) => other.digest === entry.digest)
  if (held) return reopen(record, held, entry)
  if (record.conflicts.some((other) => other.digest === entry.digest)) return refuse(record, entry, 'duplicate')
  const outcome = admit(record, entry)
  if (outcome === 'early') return hold(record, entry)
  if (outcome !== 'admitted') return refuse(keepConflict(record, entry, outcome), entry, outcome)
  return takeUpEarly({ record: withEntry(record, entry), added: [entry], refused: [] })
}

function takeUpEarly(addition: Addition): Addition {
  let { record } = addition
  const added = [...addition.added]
  const refused = [...addition.refused]
  for (let progress = true; progress;) {
    progress = false
    for (const entry of record.early) {
      const outcome = admit(record, entry)
      if (outcome === 'early') continue
      record = { ...record, early: record.early.filter((other) => other !== entry) }
      if (outcome === 'admitted') {
        record = withEntry(record, entry)
        added.push(entry)
        progress = true
      } else {
        record = keepConflict(record, entry, outcome)
        refused.push({ entry, reason: outcome })
      }
    }
  }
  return { record, added, refused }
}

/** A node that received its key later reads again what it had taken up closed. */
function reopen(record: SessionRecord, held: Entry, entry: Entry): Addition {
  if (!isClosed(held) || isClosed(entry)) return refuse(record, entry, 'duplicate')
  const text = textOf(entry.message)
  if (text && !textHolds(record.session, text)) return refuse(record, entry, 'broken-commitment')
  const entries = record.entries.map((other) => (other === held ? entry : other))
  return { record: { ...record, entries }, added: [entry], refused: [] }
}

/** The sealed text that a message carries, if it carries one. */
export function textOf(message: SessionMessage): SealedText | null {
  if (message.type === 'roles-assigned') return message.task
  if (message.type === 'result-revealed') return message.answer
  return null
}

function isClosed(entry: Entry): boolean {
  return textOf(entry.message)?.text === null
}

function withEntry(record: SessionRecord, entry: Entry): SessionRecord {
  return { ...record, entries: [...record.entries, entry] }
}

function hold(record: SessionRecord, entry: Entry): Addition {
  const held = record.early.find((other) => other.digest === entry.digest)
  if (held && (!isClosed(held) || isClosed(entry))) return refuse(record, entry, 'duplicate')
  const bySender = record.early.filter((other) => other.from === entry.from).length
  if (!held && (bySender >= MAX_EARLY_PER_SENDER || record.early.length >= MAX_EARLY)) {
    return refuse(record, entry, 'too-many-early')
  }
  const early = [...record.early.filter((other) => other !== held), entry]
  return { record: { ...record, early }, added: [], refused: [] }
}

/**
 * A statement that contradicts its sender's earlier one stays at hand: whoever heard the two in the other order counts
 * this one, and its verdict must be checkable here (SPEC REC-9).
 */
function keepConflict(record: SessionRecord, entry: Entry, reason: Refusal): SessionRecord {
  if (reason !== 'equivocation' && reason !== 'broken-commitment') return record
  const bySender = record.conflicts.filter((other) => other.from === entry.from).length
  if (bySender >= MAX_CONFLICTS_PER_SENDER && !isNamed(record, entry)) return record
  return { ...record, conflicts: [...record.conflicts, entry] }
}

function isNamed(record: SessionRecord, { digest }: Entry): boolean {
  return record.entries.some(
    ({ message }) =>
      (message.type === 'verdict-reached' && message.counted.includes(digest)) ||
      (message.type === 'commitments-closed' && message.commitments.includes(digest)),
  )
}

function refuse(record: SessionRecord, entry: Entry, reason: Refusal): Addition {
  return { record, added: [], refused: [{ entry, reason }] }
}
