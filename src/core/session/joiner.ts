import { saltCommitment } from './commitment.ts'
import { joinOf, openedOf } from './lookup.ts'
import type { SessionState } from './state.ts'
import { persist, publishOnce, secret, type Turn } from './turn.ts'

/** Joins the session that this node was invited to; whether to take part was decided before (SPEC JOIN-1). */
export function join(turn: Turn): void {
  const { record, self, session, offer, question } = turn.state
  const opened = openedOf(record)
  if (!opened?.message.invited.includes(self) || joinOf(record, self) || !offer.engine) return
  if (!takesPart(turn.state)) return
  const { modelDigest, modelName, tier } = offer.engine
  // Kept before it is said: a tab that was reloaded must not join again with another salt.
  if (!turn.state.sent.includes('session-joined')) persist(turn)
  publishOnce(turn, 'session-joined', {
    type: 'session-joined',
    session,
    certificate: offer.certificate,
    model: { modelDigest, modelName, tier },
    executes: offer.executes,
    verifies: offer.verifies && !question,
    saltCommitment: saltCommitment(session, self, secret(turn.state, 'verifier-salt')),
    sealKey: offer.sealKey,
    estimateMs: offer.estimateMs,
  })
}

/** Whether this node has a role to offer. Nobody judges the answers to their own question. */
export function takesPart({ offer, question }: SessionState): boolean {
  return offer.engine !== null && (offer.executes || (offer.verifies && !question))
}
