import type { NodeId, SessionId } from '#core/protocol/ids.ts'

/** One table of records under string keys. Writes are durable when the promise resolves. */
export interface Table<Key extends string, Value> {
  get(key: Key): Promise<Value | undefined>
  put(key: Key, value: Value): Promise<void>
  delete(key: Key): Promise<void>
  /** Newest first. */
  list(limit?: number): Promise<Value[]>
}

/** A node met before. Kept: the 200 seen last. */
export interface KnownPeer {
  readonly node: NodeId
  readonly addresses: readonly string[]
  readonly seenAtMs: number
}

/**
 * Tabs of one profile share the store, and several may take part in one session: the asker's record goes by the session
 * alone, a participant's also by its node.
 */
export type SessionKey = SessionId | `${SessionId}/${NodeId}`

/** A session's signed envelopes and, for the asker, the key that opens its texts. */
export interface StoredSession {
  readonly session: SessionId
  readonly createdAtMs: number
  /** Envelope frames, as received, in order of arrival. */
  readonly envelopes: readonly Uint8Array[]
  /** Only at the asker. */
  readonly sessionKey: Uint8Array | null
  readonly role: 'leader' | 'executor' | 'verifier' | 'observer'
  readonly status: 'running' | 'answered' | 'alone' | 'failed' | 'cancelled'
  /** Only at the asker, while running: what a reloaded tab needs to go on (the shell's own encoding). */
  readonly resumption: Uint8Array | null
  /** How long each stage took on this node's clock, in ms. */
  readonly durationsMs: Readonly<Record<string, number>>
}

export interface StoredTurn {
  readonly id: string
  readonly role: 'user' | 'assistant'
  readonly text: string
  /** Set on answers of the swarm. */
  readonly session: SessionId | null
  readonly state: 'complete' | 'running' | 'stopped' | 'failed'
  /** The error's name, where `state` is `failed`. */
  readonly error?: string
  readonly createdAtMs: number
}

export interface StoredChat {
  readonly id: string
  readonly title: string
  readonly turns: readonly StoredTurn[]
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export interface Settings {
  /** Answer with this device's model only; nothing leaves it. */
  readonly onlyThisDevice: boolean
  /** Take other nodes' work. */
  readonly contribute: boolean
  readonly theme: 'system' | 'light' | 'dark'
  /** The notice "other people's tabs see prompts" was read and accepted. */
  readonly noticeAccepted: boolean
  /** The larger model that was chosen last; null for the embedded ones alone. */
  readonly chosenModel: string | null
}

/** What this browser profile remembers. In memory only where storage is blocked; `persistent` says which. */
export interface Store {
  readonly persistent: boolean
  /** Why nothing is kept, as an error name; null where it is. Changes to `QuotaExceededError` when the disk fills. */
  readonly problem: string | null
  readonly onProblem: (listener: (problem: string) => void) => () => void
  readonly peers: Table<NodeId, KnownPeer>
  readonly sessions: Table<SessionKey, StoredSession>
  readonly chats: Table<string, StoredChat>
  getSettings(): Promise<Settings>
  putSettings(settings: Settings): Promise<void>
  /** Highest sequence number this node has signed with, by node (SPEC ENV-5). */
  getSequence(node: NodeId): Promise<number>
  putSequence(node: NodeId, sequence: number): Promise<void>
  close(): Promise<void>
}
