import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import type { SessionMessage } from '#core/protocol/messages.ts'
import { MAX_CONFLICTS_PER_SENDER, MAX_EARLY_PER_SENDER } from '#core/protocol/limits.ts'
import { scoresCommitment } from '#core/session/commitment.ts'
import { countedDigests, restrictedTo } from '#core/session/counted.ts'
import type { Entry, SessionRecord } from '#core/session/entry.ts'
import { assignedOf, everHeld, joinOf } from '#core/session/lookup.ts'
import { addEntry, createRecord } from '#core/session/record.ts'
import { nodeId, saltOf, SESSION } from '#support/session-pair.ts'
import {
  entryOf,
  honestStatements,
  joinBy,
  openedBy,
  recordOf,
  resultOf,
  sealed,
} from '#support/session-pair-record.ts'

vi.setConfig({ testTimeout: 60_000 })

const script = { names: ['a', 'b', 'c', 'd', 'e', 'f'], needs: { executors: 2, verifiers: 2 } }
const honest = honestStatements(script)
const complete = recordOf(honest)
const assigned = assignedOf(complete)
if (!assigned) throw new Error('no roles')
const [executor] = assigned.message.executors.filter((node) => node !== nodeId('a'))
const [verifier, otherVerifier] = assigned.message.verifiers
const seat = { role: 'executor', index: assigned.message.executors.indexOf(executor as never) } as const
const upTo = (type: SessionMessage['type']) => {
  const last = honest.findLastIndex(({ message }) => message.type === type)
  return recordOf(honest.slice(0, last + 1))
}
const afterRoles = upTo('roles-assigned')

function refusal(record: SessionRecord, entry: Entry): string | null {
  const { refused, added, record: after } = addEntry(record, entry)
  if (added.length > 0) return null
  return refused[0]?.reason ?? (after.early.length > record.early.length ? 'early' : 'nothing')
}

const digests = (record: SessionRecord) => record.entries.map(({ digest }) => digest).sort()
const find = (type: SessionMessage['type'], from?: string) =>
  honest.find(({ message, from: by }) => message.type === type && (!from || by === from)) as Entry
const vary = (entry: Entry, change: object): Entry =>
  entryOf(entry.from, { ...entry.message, ...change } as SessionMessage)

describe('the record', () => {
  test('REC-1: takes up an honest session whole', () => {
    expect(complete.entries).toHaveLength(honest.length)
    expect([complete.early, complete.conflicts]).toEqual([[], []])
  })

  test('REC-1: refuses what belongs to another session', () => {
    const stray = vary(find('session-opened'), { session: nodeId('x').slice(0, 32) })
    expect(refusal(createRecord(SESSION), stray)).toBe('wrong-session')
  })

  test('REC-2: any order of arrival, with any repetition, gives the same record', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: honest.length - 1 })), fc.infiniteStream(fc.nat()), (repeated, keys) => {
        const list = [...honest, ...repeated.flatMap((i) => honest[i] ?? [])]
        const shuffled = list
          .map((entry) => ({ entry, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ entry }) => entry)
        const record = recordOf(shuffled)
        expect(digests(record)).toEqual(digests(complete))
        expect([record.early, record.conflicts]).toEqual([[], []])
      }),
      { numRuns: 200 },
    )
  })

  test('REC-3: only who is invited is heard, and who opens must be among them', () => {
    const stranger = entryOf(nodeId('z'), joinBy('z').message)
    expect(refusal(afterRoles, stranger)).toBe('not-entitled')
    expect(refusal(createRecord(SESSION), openedBy('z', ['a', 'b'], script.needs))).toBe('not-entitled')
    expect(refusal(createRecord(SESSION), stranger)).toBe('early')
    const late = addEntry(addEntry(createRecord(SESSION), stranger).record, find('session-opened'))
    expect(late.record.early).toEqual([])
    expect(late.refused.map(({ reason }) => reason)).toEqual(['not-entitled'])
  })

  test('REC-4: only the asker assigns, with the nonce it committed to, to invited nodes, never itself to judge', () => {
    const before = recordOf(honest.filter(({ message }) => message.type === 'session-opened'))
    expect(refusal(before, entryOf(nodeId('b'), assigned.message))).toBe('not-entitled')
    expect(refusal(before, vary(assigned, { nonce: saltOf('another') }))).toBe('broken-commitment')
    expect(refusal(before, vary(assigned, { executors: [nodeId('z')] }))).toBe('not-entitled')
    expect(refusal(before, vary(assigned, { verifiers: [nodeId('a')], executors: [nodeId('b')] }))).toBe('not-entitled')
    expect(refusal(before, vary(assigned, { verifiers: [nodeId('b'), nodeId('b')] }))).toBe('not-entitled')
    expect(refusal(before, vary(assigned, { task: { ...assigned.message.task, text: 'other' } }))).toBe(
      'broken-commitment',
    )
    expect(refusal(before, assigned)).toBeNull()
  })

  test('REC-5: a seat passes on along a chain, once from each holder, to somebody who has none', () => {
    const [free, another] = script.names.map(nodeId).filter((node) => {
      return ![...assigned.message.executors, ...assigned.message.verifiers].includes(node)
    })
    if (!free || !executor) throw new Error('nobody is free')
    const replaced = { type: 'role-replaced', session: SESSION, slot: seat, from: executor, to: free } as const
    const asker = nodeId('a')
    expect(refusal(afterRoles, entryOf(nodeId('b'), replaced))).toBe('not-entitled')
    expect(refusal(afterRoles, entryOf(asker, { ...replaced, to: verifier as never }))).toBe('not-entitled')
    expect(refusal(afterRoles, entryOf(asker, { ...replaced, from: free, to: executor }))).toBe('early')
    expect(
      refusal(
        afterRoles,
        entryOf(asker, { ...replaced, slot: { role: 'verifier', index: 0 }, from: verifier as never, to: asker }),
      ),
    ).toBe('not-entitled')
    const once = addEntry(afterRoles, entryOf(asker, replaced)).record
    expect(everHeld(once, seat)).toEqual([executor, free])
    if (another) expect(refusal(once, entryOf(asker, { ...replaced, to: another }))).toBe('equivocation')
    const [commitment] = resultOf('x', seat, 'late')
    expect(refusal(afterRoles, entryOf(free, commitment.message))).toBe('early')
    expect(refusal(once, entryOf(free, commitment.message))).toBeNull()
  })

  test('REC-6: a commitment comes from the seat, once', () => {
    const commitment = find('result-committed', executor)
    const open = recordOf(honest.filter(({ message }) => !message.type.startsWith('result')))
    expect(refusal(open, vary(commitment, { slot: { role: 'verifier', index: 0 } }))).toBe('not-entitled')
    expect(refusal(open, entryOf(verifier as never, commitment.message))).toBe('early')
    expect(refusal(open, commitment)).toBeNull()
    expect(refusal(complete, vary(commitment, { commitment: saltOf('another') }))).toBe('equivocation')
  })

  test('REC-7: a reveal opens its commitment, or is refused', () => {
    const record = upTo('result-committed')
    const withoutReveals = recordOf(record.entries.filter(({ message }) => message.type !== 'result-revealed'))
    const reveal = find('result-revealed', executor)
    expect(refusal(afterRoles, reveal)).toBe('early')
    expect(refusal(withoutReveals, vary(reveal, { salt: saltOf('another') }))).toBe('broken-commitment')
    expect(refusal(withoutReveals, vary(reveal, { answer: sealed('x', 'another answer') }))).toBe('broken-commitment')
    if (reveal.message.type !== 'result-revealed') throw new Error('no reveal')
    const lied = { ...reveal.message.answer, text: 'another text under the same digest' }
    expect(refusal(withoutReveals, vary(reveal, { answer: lied }))).toBe('broken-commitment')
    expect(refusal(withoutReveals, vary(reveal, { answer: { ...lied, salt: null, text: null } }))).toBeNull()
  })

  test('REC-7: scores open their commitment and the salt of the join, each answer once', () => {
    const record = upTo('scores-committed')
    const without = recordOf(record.entries.filter(({ message }) => message.type !== 'scores-revealed'))
    const reveal = find('scores-revealed', verifier)
    if (reveal.message.type !== 'scores-revealed') throw new Error('no scores')
    const { scores } = reveal.message
    const secretSalt = saltOf('another')
    expect(refusal(without, vary(reveal, { secretSalt }))).toBe('broken-commitment')
    // Committed to with another salt than the one that was fixed before the draw.
    const { slot, instrument } = reveal.message
    const commitment = scoresCommitment(SESSION, verifier as never, slot, secretSalt, instrument, scores)
    const committed = vary(find('scores-committed', verifier), { commitment })
    const before = without.entries.filter(
      ({ from, message }) => from !== verifier || message.type !== committed.message.type,
    )
    expect(refusal(recordOf([...before, committed]), vary(reveal, { secretSalt }))).toBe('broken-commitment')
    expect(refusal(without, vary(reveal, { scores: scores.map((s) => ({ ...s, score: 1 })) }))).toBe(
      'broken-commitment',
    )
    expect(refusal(without, vary(reveal, { scores: [...scores, ...scores] }))).toBe('broken-commitment')
    expect(refusal(without, reveal)).toBeNull()
    expect(refusal(without, entryOf(otherVerifier as never, reveal.message))).toBe('early')
  })

  test('REC-7, SEAL-4: whoever gets the key later reads again, but is not lied to', () => {
    const task = assigned.message.task
    const closed = { ...assigned, message: { ...assigned.message, task: { ...task, salt: null, text: null } } }
    const record = recordOf(
      honest.map((entry) => (entry === assigned || entry.digest === assigned.digest ? closed : entry)),
    )
    expect(assignedOf(record)?.message.task.text).toBeNull()
    const lied = { ...closed, message: { ...closed.message, task: { ...task, text: 'something else' } } }
    expect(refusal(record, lied)).toBe('broken-commitment')
    const reopened = addEntry(record, assigned)
    expect(assignedOf(reopened.record)?.message.task.text).toBe(task.text)
    expect(refusal(reopened.record, closed)).toBe('duplicate')
  })

  test('REC-8: only the leader of a term closes and decides, once a term', () => {
    const closing = {
      type: 'commitments-closed',
      session: SESSION,
      term: 0,
      role: 'executor',
      commitments: [],
    } as const
    expect(refusal(complete, entryOf(nodeId('b'), { ...closing, commitments: [] }))).toBe('not-entitled')
    const once = addEntry(complete, entryOf(nodeId('a'), { ...closing, commitments: [] })).record
    expect(refusal(once, entryOf(nodeId('a'), { ...closing, commitments: [saltOf('x') as never] }))).toBe(
      'equivocation',
    )
    expect(refusal(once, entryOf(nodeId('a'), { ...closing, role: 'verifier', commitments: [] }))).toBeNull()
    expect(refusal(complete, entryOf(nodeId('b'), { type: 'session-cancelled', session: SESSION }))).toBe(
      'not-entitled',
    )
  })

  test('REC-8: an objection names a statement that is here, and comes from a participant', () => {
    const objection = {
      type: 'objection',
      session: SESSION,
      term: 0,
      verdict: assigned.digest,
      reason: 'draw-differs',
      missing: [],
    } as const
    const at = verifier as never
    expect(refusal(complete, entryOf(at, { ...objection, missing: [] }))).toBeNull()
    expect(refusal(complete, entryOf(at, { ...objection, missing: [], verdict: saltOf('x') as never }))).toBe('early')
    expect(refusal(complete, entryOf(at, { ...objection, missing: [], verdict: find('session-opened').digest }))).toBe(
      'not-entitled',
    )
  })

  test('REC-9: a contradiction is kept beside the first word, and a verdict may rest on either', () => {
    const [, reveal] = resultOf('b', seat, 'first')
    expect(reveal.message.type).toBe('result-revealed')
    const twin = vary(find('result-committed', executor), { commitment: saltOf('another') })
    const oneWay = recordOf([...honest, twin])
    const otherWay = recordOf([...honest.slice(0, 8), twin, ...honest.slice(8)])
    expect(oneWay.conflicts.map(({ digest }) => digest)).toEqual([twin.digest])
    // Heard the other way round, the honest pair contradicts; a verdict that counts it can still be checked.
    expect(otherWay.entries.some(({ digest }) => digest === twin.digest)).toBe(true)
    const counted = countedDigests(complete)
    const restricted = restrictedTo(otherWay, counted)
    expect(restricted && digests(restricted)).toEqual([...counted])
  })

  test('REC-9: of one sender only so many contradictions are kept', () => {
    const join = joinOf(complete, nodeId('b')) as Entry
    const flood = Array.from({ length: 20 }, (_, i) => vary(join, { estimateMs: 2000 + i }))
    const record = recordOf([...honest, ...flood])
    expect(record.conflicts).toHaveLength(MAX_CONFLICTS_PER_SENDER)
    expect(digests(record)).toEqual(digests(complete))
  })

  test('REC-10: what waits is bounded a sender, so that nobody crowds the others out', () => {
    const flood = Array.from({ length: 200 }, (_, i) => vary(joinBy('z'), { estimateMs: i }))
    const record = recordOf([...flood, ...honest.slice(1), honest[0] as Entry])
    expect(recordOf(flood).early).toHaveLength(MAX_EARLY_PER_SENDER)
    expect(digests(record)).toEqual(digests(complete))
  })
})
