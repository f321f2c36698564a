import type { Digest, NodeId, SessionId } from '../protocol/ids.ts'
import type { SessionMessage } from '../protocol/messages.ts'

/** One accepted statement: who said what. The digest is that of its envelope. */
export interface Entry<M extends SessionMessage = SessionMessage> {
  readonly digest: Digest
  readonly from: NodeId
  readonly message: M
}

/**
 * Everything said in one session that counts, in order of arrival. All else about a session is derived from it, so
 * two nodes with the same entries agree on everything.
 *
 * Invariants: 1. `entries` holds at most one statement a sender and subject, the first; 2. a reveal is there only if
 * its commitment is, and it opens it; 3. `early` waits for what it depends on, and is bounded; 4. `conflicts` holds what
 * contradicts an entry of the same sender: evidence, and what a verdict by somebody who heard it first may rest on.
 */
export interface SessionRecord {
  readonly session: SessionId
  readonly entries: readonly Entry[]
  readonly early: readonly Entry[]
  readonly conflicts: readonly Entry[]
}
