import * as v from 'valibot'
import { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { KnownPeer, Settings, StoredChat, StoredSession } from '#ports/store.ts'

/**
 * The shape of every record. Read records are checked against it: an earlier version, another program under the same
 * origin or a damaged disk may have written anything, and one bad record must not cost the rest.
 */

const timeMs = v.pipe(v.number(), v.finite())
const bytes = v.instance(Uint8Array)

export const PeerRecord: v.GenericSchema<unknown, KnownPeer> = v.object({
  node: NodeId,
  addresses: v.array(v.string()),
  seenAtMs: timeMs,
})

export const SessionRecord: v.GenericSchema<unknown, StoredSession> = v.object({
  session: SessionId,
  createdAtMs: timeMs,
  envelopes: v.array(bytes),
  sessionKey: v.nullable(bytes),
  role: v.picklist(['leader', 'executor', 'verifier', 'observer']),
  status: v.picklist(['running', 'answered', 'alone', 'failed', 'cancelled']),
  resumption: v.nullable(bytes),
  durationsMs: v.record(v.string(), v.number()),
})

export const ChatRecord: v.GenericSchema<unknown, StoredChat> = v.object({
  id: v.string(),
  title: v.string(),
  turns: v.array(
    v.object({
      id: v.string(),
      role: v.picklist(['user', 'assistant']),
      text: v.string(),
      session: v.nullable(SessionId),
      state: v.picklist(['complete', 'running', 'stopped', 'failed']),
      error: v.exactOptional(v.string()),
      createdAtMs: timeMs,
    }),
  ),
  createdAtMs: timeMs,
  updatedAtMs: timeMs,
})

export const SettingsRecord: v.GenericSchema<unknown, Settings> = v.object({
  onlyThisDevice: v.boolean(),
  contribute: v.boolean(),
  theme: v.picklist(['system', 'light', 'dark']),
  noticeAccepted: v.boolean(),
  chosenModel: v.optional(v.nullable(v.string()), null),
})

/** The highest sequence number that a node has signed with. */
export interface StoredSequence {
  readonly node: NodeId
  readonly sequence: number
}

export const SequenceRecord: v.GenericSchema<unknown, StoredSequence> = v.object({
  node: NodeId,
  sequence: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
})

export const DEFAULT_SETTINGS: Settings = {
  onlyThisDevice: false,
  contribute: true,
  theme: 'system',
  noticeAccepted: false,
  chosenModel: null,
}
