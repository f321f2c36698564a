import type { SessionId } from '../protocol/ids.ts'
import type { MessageOf, SealedText, SessionMessage, Slot } from '../protocol/messages.ts'
import { opensNonce, opensResult, opensScores, opensSecretSalt } from './commitment.ts'
import { textDigest } from '../protocol/domains.ts'
import { takeoverLeader } from './draw.ts'
import { assignedOf, declined, everHeld, holderOf, joinOf, openedOf, participantsOf, said, sameSlot } from './lookup.ts'
import type { Entry, SessionRecord } from './entry.ts'

/**
 * Why a statement was not taken up. All but the last two are misbehaviour, by accident or design; of those, the first two
 * are kept as evidence.
 */
export type Refusal =
  'equivocation' | 'broken-commitment' | 'not-entitled' | 'wrong-session' | 'too-many-early' | 'duplicate'

export type Admission = 'admitted' | 'early' | Refusal

type Rule<M> = (record: SessionRecord, entry: Entry, message: M) => Admission

/** Whether a statement counts, given what is known so far (SPEC REC-1 to REC-8). `early`: what it rests on is missing. */
export function admit(record: SessionRecord, entry: Entry): Admission {
  if (entry.message.session !== record.session) return 'wrong-session'
  if (entry.message.type !== 'session-opened') {
    const opened = openedOf(record)
    if (!opened) return 'early'
    if (!opened.message.invited.includes(entry.from)) return 'not-entitled'
  }
  const rule = rules[entry.message.type] as Rule<SessionMessage>
  return rule(record, entry, entry.message)
}

const rules: { [T in SessionMessage['type']]: Rule<MessageOf<T>> } = {
  'session-opened': (record, entry, message) => {
    if (!message.invited.includes(entry.from)) return 'not-entitled'
    return openedOf(record) ? 'equivocation' : 'admitted'
  },

  'session-joined': (record, entry) => (joinOf(record, entry.from) ? 'equivocation' : 'admitted'),

  'roles-assigned': (record, entry, message) => {
    const opened = openedOf(record)
    if (!opened) return 'early'
    if (entry.from !== opened.from) return 'not-entitled'
    if (assignedOf(record)) return 'equivocation'
    if (!opensNonce(opened.message.nonceCommitment, record.session, message.nonce)) return 'broken-commitment'
    const seated = [...message.executors, ...message.verifiers]
    const distinct = new Set(seated).size === seated.length
    const invited = seated.every((node) => opened.message.invited.includes(node))
    if (!distinct || !invited || message.verifiers.includes(opened.from)) return 'not-entitled'
    return textHolds(record.session, message.task) ? 'admitted' : 'broken-commitment'
  },

  'role-replaced': (record, entry, message) => {
    const opened = openedOf(record)
    if (!opened || !assignedOf(record)) return 'early'
    if (entry.from !== opened.from) return 'not-entitled'
    if (said(record, 'role-replaced', ({ message: m }) => sameSlot(m.slot, message.slot) && m.from === message.from))
      return 'equivocation'
    if (holderOf(record, message.slot) !== message.from) return 'early'
    const { invited } = opened.message
    if (!invited.includes(message.to) || participantsOf(record).includes(message.to)) return 'not-entitled'
    // Nobody judges the answers to their own question.
    return message.slot.role === 'verifier' && message.to === opened.from ? 'not-entitled' : 'admitted'
  },

  'seat-declined': (record, entry, message) => {
    if (!assignedOf(record) || !everHeld(record, message.slot).includes(entry.from)) return 'early'
    return declined(record, message.slot, entry.from) ? 'equivocation' : 'admitted'
  },

  'result-committed': (record, entry, message) => committed(record, entry, message, 'executor'),

  'commitments-closed': (record, entry, message) => {
    if (!assignedOf(record)) return 'early'
    if (takeoverLeader(record, message.term) !== entry.from) return 'not-entitled'
    const again = said(
      record,
      'commitments-closed',
      ({ message: m }) => m.term === message.term && m.role === message.role,
    )
    return again ? 'equivocation' : 'admitted'
  },

  'result-revealed': (record, entry, message) => {
    const commitment = said(
      record,
      'result-committed',
      (other) => other.from === entry.from && sameSlot(other.message.slot, message.slot),
    )
    if (!commitment) return 'early'
    if (
      said(
        record,
        'result-revealed',
        (other) => other.from === entry.from && sameSlot(other.message.slot, message.slot),
      )
    )
      return 'equivocation'
    if (!opensResult(commitment, message)) return 'broken-commitment'
    return textHolds(record.session, message.answer) ? 'admitted' : 'broken-commitment'
  },

  'scores-committed': (record, entry, message) => committed(record, entry, message, 'verifier'),

  'scores-revealed': (record, entry, message) => {
    const commitment = said(
      record,
      'scores-committed',
      (other) => other.from === entry.from && sameSlot(other.message.slot, message.slot),
    )
    const join = joinOf(record, entry.from)
    if (!commitment || !join) return 'early'
    if (
      said(
        record,
        'scores-revealed',
        (other) => other.from === entry.from && sameSlot(other.message.slot, message.slot),
      )
    )
      return 'equivocation'
    const distinct = new Set(message.scores.map((score) => score.answer)).size === message.scores.length
    const opens = opensScores(commitment, message) && opensSecretSalt(join, message.secretSalt)
    return distinct && opens ? 'admitted' : 'broken-commitment'
  },

  'verdict-reached': (record, entry, message) => {
    if (!assignedOf(record)) return 'early'
    if (takeoverLeader(record, message.term) !== entry.from) return 'not-entitled'
    return said(record, 'verdict-reached', (other) => other.message.term === message.term) ? 'equivocation' : 'admitted'
  },

  objection: (record, entry, message) => {
    if (!assignedOf(record)) return 'early'
    // A replacement that is still under way may object, and to what has not come yet.
    const accused = [...record.entries, ...record.conflicts].find((other) => other.digest === message.verdict)
    if (!accused || !participantsOf(record).includes(entry.from)) return 'early'
    if (accused.message.type !== 'verdict-reached' && accused.message.type !== 'roles-assigned') return 'not-entitled'
    const again = said(
      record,
      'objection',
      (other) =>
        other.from === entry.from &&
        other.message.verdict === message.verdict &&
        other.message.reason === message.reason,
    )
    return again ? 'equivocation' : 'admitted'
  },

  'session-cancelled': (record, entry) => byLeaderOnce(record, entry, 'session-cancelled'),

  'session-closed': (record, entry) => byLeaderOnce(record, entry, 'session-closed'),
}

function committed(record: SessionRecord, entry: Entry, message: { slot: Slot }, role: Slot['role']): Admission {
  if (!assignedOf(record)) return 'early'
  if (message.slot.role !== role) return 'not-entitled'
  // A replacement that is still under way makes the newcomer's commitment early, not wrong.
  if (!everHeld(record, message.slot).includes(entry.from)) return 'early'
  const type = entry.message.type
  const again = said(
    record,
    type,
    (other) => other.from === entry.from && sameSlot((other.message as { slot: Slot }).slot, message.slot),
  )
  return again ? 'equivocation' : 'admitted'
}

function byLeaderOnce(record: SessionRecord, entry: Entry, type: 'session-cancelled' | 'session-closed'): Admission {
  if (entry.from !== openedOf(record)?.from) return 'not-entitled'
  return said(record, type, () => true) ? 'equivocation' : 'admitted'
}

/** An open text must have the digest it goes by; a closed one is taken on trust until it can be read. */
export function textHolds(session: SessionId, { digest, salt, text }: SealedText): boolean {
  return salt === null || text === null || textDigest(session, salt, text) === digest
}
