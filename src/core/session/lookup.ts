import type { NodeId } from '../protocol/ids.ts'
import type { MessageOf, SessionMessage, Slot } from '../protocol/messages.ts'
import { derived, derivedByRole } from './derived.ts'
import type { Entry, SessionRecord } from './entry.ts'

/** Questions to a record. Every answer is derived; nothing is stored twice. */

type EntryOf<T extends SessionMessage['type']> = Entry<MessageOf<T>>

const byType = derived((record) => {
  const entries = new Map<SessionMessage['type'], Entry[]>()
  for (const entry of record.entries) {
    const same = entries.get(entry.message.type)
    if (same) same.push(entry)
    else entries.set(entry.message.type, [entry])
  }
  return entries
})

const NONE: readonly never[] = []

/** All entries of a type, in order of arrival. */
export function allSaid<T extends SessionMessage['type']>(record: SessionRecord, type: T): readonly EntryOf<T>[] {
  return (byType(record).get(type) as EntryOf<T>[] | undefined) ?? NONE
}

/** The first entry of a type that meets a condition. */
export function said<T extends SessionMessage['type']>(
  record: SessionRecord,
  type: T,
  condition: (entry: EntryOf<T>) => boolean,
): EntryOf<T> | undefined {
  return allSaid(record, type).find(condition)
}

export function openedOf(record: SessionRecord): EntryOf<'session-opened'> | undefined {
  return allSaid(record, 'session-opened')[0]
}

export function assignedOf(record: SessionRecord): EntryOf<'roles-assigned'> | undefined {
  return allSaid(record, 'roles-assigned')[0]
}

export function joinOf(record: SessionRecord, node: NodeId): EntryOf<'session-joined'> | undefined {
  return said(record, 'session-joined', (entry) => entry.from === node)
}

export function sameSlot(a: Slot, b: Slot): boolean {
  return a.role === b.role && a.index === b.index
}

/** Seats with everyone who holds or held them, first to last: replacements form a chain. */
const seatsOf = derivedByRole((record, role) => {
  const assigned = assignedOf(record)?.message
  const nodes = (role === 'executor' ? assigned?.executors : assigned?.verifiers) ?? []
  return nodes.map((first, index) => {
    const slot: Slot = { role, index }
    return { slot, chain: chainFrom(record, slot, first) }
  })
})

function chainFrom(record: SessionRecord, slot: Slot, first: NodeId): NodeId[] {
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

/** The seats of a role, in order. */
export const slotsOf = derivedByRole((record, role): readonly Slot[] => seatsOf(record, role).map(({ slot }) => slot))

/** Everyone who holds or held a seat, first to last. */
export function everHeld(record: SessionRecord, { role, index }: Slot): readonly NodeId[] {
  return seatsOf(record, role)[index]?.chain ?? NONE
}

/** Who holds a seat now. */
export function holderOf(record: SessionRecord, slot: Slot): NodeId | undefined {
  return everHeld(record, slot).at(-1)
}

const allSeats = derived((record) => [...seatsOf(record, 'executor'), ...seatsOf(record, 'verifier')])

/** The seat that a node holds now. */
export function seatOf(record: SessionRecord, node: NodeId): Slot | undefined {
  return allSeats(record).find(({ chain }) => chain.at(-1) === node)?.slot
}

/** Whether a holder gave a seat up. */
export function declined(record: SessionRecord, slot: Slot, node: NodeId): boolean {
  return (
    said(record, 'seat-declined', ({ from, message }) => from === node && sameSlot(message.slot, slot)) !== undefined
  )
}

/** Everyone who holds or held a seat. */
export const participantsOf = derived((record): readonly NodeId[] => allSeats(record).flatMap(({ chain }) => chain))

/** The conversation, for whoever can read it. */
export function taskOf(record: SessionRecord): string | null {
  return assignedOf(record)?.message.task.text ?? null
}
