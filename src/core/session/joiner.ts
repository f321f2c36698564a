import { saltCommitment } from './commitment.ts'
import { joinOf, openedOf } from './lookup.ts'
import { persist, publishOnce, secret, type Turn } from './turn.ts'

/** Joins the session that this node was invited to; whether to take part was decided before (SPEC JOIN-1). */
export function join(turn: Turn): void {
  const { record, self, session, offer } = turn.state
  const opened = openedOf(record)
  if (!opened?.message.invited.includes(self) || joinOf(record, self) || !offer.engine) return
  const { modelDigest, modelName, tier } = offer.engine
  // Kept before it is said: a tab that was reloaded must not join again with another salt.
  if (!turn.state.sent.includes('session-joined')) persist(turn)
  publishOnce(turn, 'session-joined', {
    type: 'session-joined',
    session,
    certificate: offer.certificate,
    model: { modelDigest, modelName, tier },
    executes: offer.executes,
    // Nobody judges the answers to their own question.
    verifies: offer.verifies && opened.from !== self,
    saltCommitment: saltCommitment(session, self, secret(turn.state, 'verifier-salt')),
    sealKey: offer.sealKey,
    estimateMs: offer.estimateMs,
  })
}
