import { hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import type { Digest, NodeId, Salt, SessionId } from '../protocol/ids.ts'
import type { MessageOf, Score, Slot } from '../protocol/messages.ts'
import type { Entry } from './entry.ts'

/**
 * Commitments (SPEC COM-1): SHA-256(domain, session, sender, slot, 32-byte salt, body). The sender is part of it, so
 * a copied commitment is worth nothing to the copier.
 */
export function resultCommitment(session: SessionId, sender: NodeId, slot: Slot, salt: Salt, answer: Digest): Digest {
  return commitmentOf(session, sender, slot, salt, hexToBytes(answer))
}

/**
 * The salt is the secret that the join committed to; the body is the instrument, then `digest:score` of each answer in the
 * order of the reveal.
 */
export function scoresCommitment(
  session: SessionId,
  sender: NodeId,
  slot: Slot,
  secretSalt: Salt,
  instrument: MessageOf<'scores-revealed'>['instrument'],
  scores: readonly Score[],
): Digest {
  const body = scores.map(({ answer, score }) => `${answer}:${score}`).join(',')
  return commitmentOf(session, sender, slot, secretSalt, `${instrument} ${body}`)
}

function commitmentOf(session: SessionId, sender: NodeId, slot: Slot, salt: Salt, body: Uint8Array | string): Digest {
  return domainHash('commitment', [
    hexToBytes(session),
    hexToBytes(sender),
    `${slot.role}/${slot.index}`,
    hexToBytes(salt),
    body,
  ])
}

export function opensResult(
  commitment: Entry<MessageOf<'result-committed'>>,
  reveal: MessageOf<'result-revealed'>,
): boolean {
  const { session, slot, salt, answer } = reveal
  return commitment.message.commitment === resultCommitment(session, commitment.from, slot, salt, answer.digest)
}

export function opensScores(
  commitment: Entry<MessageOf<'scores-committed'>>,
  reveal: MessageOf<'scores-revealed'>,
): boolean {
  const { session, slot, secretSalt, instrument, scores } = reveal
  return (
    commitment.message.commitment === scoresCommitment(session, commitment.from, slot, secretSalt, instrument, scores)
  )
}

/** The leader's nonce, fixed before any joiner shows theirs. */
export function nonceCommitment(session: SessionId, nonce: Salt): Digest {
  return domainHash('nonce', [hexToBytes(session), hexToBytes(nonce)])
}

export function opensNonce(commitment: Digest, session: SessionId, nonce: Salt): boolean {
  return nonceCommitment(session, nonce) === commitment
}

/** A verifier's secret, fixed before the draw and shown with its scores: it hides them until then, and breaks ties. */
export function saltCommitment(session: SessionId, node: NodeId, secretSalt: Salt): Digest {
  return domainHash('salt', [hexToBytes(session), hexToBytes(node), hexToBytes(secretSalt)])
}

export function opensSecretSalt(join: Entry<MessageOf<'session-joined'>>, secretSalt: Salt): boolean {
  return saltCommitment(join.message.session, join.from, secretSalt) === join.message.saltCommitment
}
