import { ascending } from '../bytes.ts'
import type { MessageOf, Role } from '../protocol/messages.ts'
import { countedDigests, heldCommitments, isClosed, restrictedTo } from './counted.ts'
import { decide } from './decide.ts'
import { drawRoles, reservesFor, type Roles } from './draw.ts'
import { takesPart } from './joiner.ts'
import { allSaid, assignedOf, joinOf, openedOf } from './lookup.ts'
import { nonceCommitment } from './commitment.ts'
import { isLost, lateAt, missingSeats, since, stageEndsAt } from './progress.ts'
import { leadsTerm } from './takeover.ts'
import { due, markWhile, persist, publishOnce, sealable, secret, type Turn } from './turn.ts'

/** What the asker does, and whoever takes over for it: open, assign, replace, close, decide (SPEC LEAD-1 to LEAD-8). */

export function open(turn: Turn): void {
  const { question, offer, session } = turn.state
  if (!question || question.invited.length < 2 || openedOf(turn.state.record)) return
  persist(turn)
  publishOnce(turn, 'session-opened', {
    type: 'session-opened',
    session,
    certificate: offer.certificate,
    invited: [...question.invited],
    needs: question.needs,
    maxTokens: question.maxTokens,
    deadlines: question.deadlines,
    price: 0,
    nonceCommitment: nonceCommitment(session, secret(turn.state, 'leader-nonce')),
    sealKey: offer.sealKey,
  })
}

/** Assigns roles as soon as enough good offers are in, else with what there is when the window closes. */
export function assign(turn: Turn): void {
  const { question, record, session } = turn.state
  const opened = openedOf(record)
  if (!question || !opened || assignedOf(record)) return
  const joins = allSaid(record, 'session-joined').filter((join) => !turn.state.gone.includes(join.from))
  const nonce = secret(turn.state, 'leader-nonce')
  const awaited = question.invited.filter((node) => node !== turn.state.self || takesPart(turn.state))
  const everyone = awaited.every((node) => turn.state.gone.includes(node) || joinOf(record, node))
  const windowClosed = due(turn, 'join', (since(turn.state, 'started') ?? turn.now) + question.deadlines.joinMs)
  if (!everyone && !windowClosed && !mayBeEnough(opened, joins)) return
  const roles = drawRoles(opened, joins, nonce)
  if (!roles || (!everyone && !windowClosed && !isFull(opened, roles))) return
  publishOnce(turn, 'roles-assigned', {
    type: 'roles-assigned',
    session,
    joins: joins.map((join) => join.digest).sort(ascending),
    nonce,
    executors: [...roles.executors],
    verifiers: [...roles.verifiers],
    task: sealable(turn.state, 'task', JSON.stringify(question.messages)),
  })
}

type Opened = { readonly message: MessageOf<'session-opened'> }

/** Whether every seat may be filled, by more than one operator: then whoever comes later need not be waited for. */
function mayBeEnough(
  { message: { needs } }: Opened,
  joins: readonly { readonly message: MessageOf<'session-joined'> }[],
) {
  const operators = new Set(joins.map((join) => join.message.certificate.operator))
  return joins.length >= needs.executors + needs.verifiers && operators.size > 1
}

/** Who joined may offer one role only. */
function isFull({ message: { needs } }: Opened, { executors, verifiers }: Roles): boolean {
  return executors.length >= needs.executors && verifiers.length >= needs.verifiers
}

/** Replaces whoever left or is late while there is time, then closes the stage without them. */
export function moveStageOn(turn: Turn, role: Role): void {
  const { state } = turn
  const ends = stageEndsAt(state, role)
  if (ends === undefined || isClosed(state.record, role)) return
  const missing = missingSeats(state, role)
  const late = missing.filter((seat) => isLost(state, seat) || due(turn, 'late', lateAt(state, seat.slot) ?? ends))
  const isAsker = openedOf(state.record)?.from === state.self
  const unreplaced = isAsker ? replace(turn, role, late, ends) : late
  const over = due(turn, 'stage', ends)
  const wanted = over || unreplaced.length === missing.length
  markWhile(turn, `${role}-due`, wanted)
  if (!wanted) return
  const commitments = heldCommitments(state.record, role)
  // Without any answer there is nothing to judge: the asker answers alone. Without any judge there is still an answer.
  if (commitments.length === 0 && role === 'executor') return
  const term = leadsTerm(turn, since(turn.state, `${role}-due`) ?? turn.now)
  if (term === null) return
  publishOnce(turn, `commitments-closed:${term}:${role}`, {
    type: 'commitments-closed',
    session: state.session,
    term,
    role,
    commitments: commitments.map((entry) => entry.digest).sort(ascending),
  })
}

type Seat = ReturnType<typeof missingSeats>[number]

/** Returns the seats that nobody could take. A newcomer needs time, so none is sent in the stage's last quarter. */
function replace(turn: Turn, role: Role, late: readonly Seat[], ends: number): Seat[] {
  const { state } = turn
  const began = since(state, role === 'executor' ? 'assigned' : 'answers-ready') ?? turn.now
  if (late.length === 0 || turn.now > ends - (ends - began) / 4) return [...late]
  const reserves = reservesFor(state.record, role, allSaid(state.record, 'session-joined')).filter(
    (node) => !state.gone.includes(node),
  )
  return late.filter(({ slot, holder }) => {
    const to = reserves.shift()
    if (to === undefined) return true
    publishOnce(turn, `role-replaced:${slot.role}/${slot.index}:${holder}`, {
      type: 'role-replaced',
      session: state.session,
      slot,
      from: holder,
      to,
    })
    return false
  })
}

export function reachVerdict(turn: Turn): void {
  const { state } = turn
  const ready = since(state, 'scores-ready')
  if (ready === undefined || state.adopted) return
  const term = leadsTerm(turn, ready)
  if (term === null || said(turn, term)) return
  const counted = countedDigests(state.record)
  const restricted = restrictedTo(state.record, counted)
  const verdict = restricted && decide(restricted)
  if (!verdict) return
  persist(turn)
  publishOnce(turn, `verdict-reached:${term}`, {
    type: 'verdict-reached',
    session: state.session,
    term,
    counted,
    verdict,
  })
}

function said(turn: Turn, term: number): boolean {
  return allSaid(turn.state.record, 'verdict-reached').some((entry) => entry.message.term === term)
}
