import type * as v from 'valibot'
import type { NodeId } from '#core/protocol/ids.ts'
import type { KnownPeer, Settings, StoredChat, StoredSession, Table, SessionKey } from '#ports/store.ts'
import { PEER_BOUND, SESSION_BOUND, type Bound, type Weight } from './bounds.ts'
import {
  ChatRecord,
  PeerRecord,
  SequenceRecord,
  SessionRecord,
  SettingsRecord,
  type StoredSequence,
} from './records.ts'

/** What a table is made of, on disk as in memory. */
export interface Kind<Key extends string, Value> {
  readonly schema: v.GenericSchema<unknown, Value>
  readonly keyOf: (value: Value) => Key
  /** `list` gives greater ones first. */
  readonly newness: (value: Value) => number
  /** Null where the table only grows by what a person does: nobody's chats are thrown away for them. */
  readonly bounding: Bounding<Value> | null
}

export interface Bounding<Value> {
  readonly bound: Bound
  readonly weigh: (value: Value) => Weight
}

/** Everything that a `Store` keeps, as tables. */
export interface Tables {
  readonly peers: Table<NodeId, KnownPeer>
  readonly sessions: Table<SessionKey, StoredSession>
  readonly chats: Table<string, StoredChat>
  readonly settings: Table<typeof SETTINGS_KEY, Settings>
  readonly sequences: Table<NodeId, StoredSequence>
}

/** The key of the one record of settings. */
export const SETTINGS_KEY = 'settings'

type KindOf<T> = T extends Table<infer Key, infer Value> ? Kind<Key, Value> : never

export const KINDS: { readonly [Name in keyof Tables]: KindOf<Tables[Name]> } = {
  peers: {
    schema: PeerRecord,
    keyOf: (peer) => peer.node,
    newness: (peer) => peer.seenAtMs,
    bounding: {
      bound: PEER_BOUND,
      weigh: (peer) => ({ sizeBytes: 0, worth: [0, peer.seenAtMs] }),
    },
  },
  sessions: {
    schema: SessionRecord,
    keyOf: (session) => session.session,
    newness: (session) => session.createdAtMs,
    bounding: {
      bound: SESSION_BOUND,
      // The profile's own questions are given up last: their chats link to these transcripts.
      weigh: (session) => ({
        sizeBytes: session.envelopes.reduce((sum, envelope) => sum + envelope.length, 0),
        worth: [session.role === 'leader' ? 1 : 0, session.createdAtMs],
      }),
    },
  },
  chats: {
    schema: ChatRecord,
    keyOf: (chat) => chat.id,
    newness: (chat) => chat.updatedAtMs,
    bounding: null,
  },
  settings: {
    schema: SettingsRecord,
    keyOf: () => SETTINGS_KEY,
    newness: () => 0,
    bounding: null,
  },
  sequences: {
    schema: SequenceRecord,
    keyOf: (record) => record.node,
    newness: (record) => record.sequence,
    bounding: null,
  },
}

/** One table of every kind. */
export function mapKinds(
  make: <Key extends string, Value>(name: keyof Tables, kind: Kind<Key, Value>) => Table<Key, Value>,
): Tables {
  return {
    peers: make('peers', KINDS.peers),
    sessions: make('sessions', KINDS.sessions),
    chats: make('chats', KINDS.chats),
    settings: make('settings', KINDS.settings),
    sequences: make('sequences', KINDS.sequences),
  }
}
