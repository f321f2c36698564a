import type { NodeId } from '../protocol/ids.ts'
import type { MessageOf, Role, SessionMessage, Slot } from '../protocol/messages.ts'
import type { Entry, SessionRecord } from './entry.ts'

/** Questions to a record. Every answer is derived; nothing is stored twice. */

type EntryOf<T extends SessionMessage['type']> = Entry<MessageOf<T>>

/** All entries of a type, in order of arrival. */
export function allSaid<T extends SessionMessage['type']>(record: SessionRecord, type: T): EntryOf<T>[] {
  return record.entries.filter((entry): entry is EntryOf<T> => entry.message.type === type)
}

/** The first entry of a type that meets a condition. */
export function said<T extends SessionMessage['type']>(
  record: SessionRecord,
  type: T,
  condition: (entry: EntryOf<T>) => boolean,
): EntryOf<T> | undefined {
  return record.entries.find(
    (entry): entry is EntryOf<T> => entry.message.type === type && condition(entry as EntryOf<T>),
  )
}

export function openedOf(record: SessionRecord): EntryOf<'session-opened'> | undefined {
  return said(record, 'session-opened', () => true)
}

export function assignedOf(record: SessionRecord): EntryOf<'roles-assigned'> | undefined {
  return said(record, 'roles-assigned', () => true)
}

export function joinOf(record: SessionRecord, node: NodeId): EntryOf<'session-joined'> | undefined {
  return said(record, 'session-joined', (entry) => entry.from === node)
}

export function sameSlot(a: Slot, b: Slot): boolean {
  return a.role === b.role && a.index === b.index
}

/** The seats of a role, in order. */
export function slotsOf(record: SessionRecord, role: Role): Slot[] {
  const assigned = assignedOf(record)?.message
  const nodes = role === 'executor' ? assigned?.executors : assigned?.verifiers
  return (nodes ?? []).map((_, index) => ({ role, index }))
}

/** Everyone who holds or held a seat, first to last: replacements form a chain. */
export function everHeld(record: SessionRecord, slot: Slot): NodeId[] {
  const assigned = assignedOf(record)?.message
  const first = (slot.role === 'executor' ? assigned?.executors : assigned?.verifiers)?.[slot.index]
  if (first === undefined) return []
  const chain = [first]
  for (let next: NodeId | undefined = first; next !== undefined;) {
    const holder: NodeId = next
    const replaced = said(
      record,
      'role-replaced',
      ({ message }) => sameSlot(message.slot, slot) && message.from === holder,
    )
    next = replaced?.message.to
    if (next !== undefined && !chain.includes(next)) chain.push(next)
    else next = undefined
  }
  return chain
}

/** Who holds a seat now. */
export function holderOf(record: SessionRecord, slot: Slot): NodeId | undefined {
  return everHeld(record, slot).at(-1)
}

/** The seat that a node holds now. */
export function seatOf(record: SessionRecord, node: NodeId): Slot | undefined {
  return [...slotsOf(record, 'executor'), ...slotsOf(record, 'verifier')].find(
    (slot) => holderOf(record, slot) === node,
  )
}

/** Whether a holder gave a seat up. */
export function declined(record: SessionRecord, slot: Slot, node: NodeId): boolean {
  return (
    said(record, 'seat-declined', ({ from, message }) => from === node && sameSlot(message.slot, slot)) !== undefined
  )
}

/** Everyone who holds or held a seat. */
export function participantsOf(record: SessionRecord): NodeId[] {
  return [...slotsOf(record, 'executor'), ...slotsOf(record, 'verifier')].flatMap((slot) => everHeld(record, slot))
}

/** The conversation, for whoever can read it. */
export function taskOf(record: SessionRecord): string | null {
  return assignedOf(record)?.message.task.text ?? null
}
