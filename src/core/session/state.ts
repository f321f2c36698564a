import type { Digest, NodeId, Salt, SessionId } from '../protocol/ids.ts'
import type {
  ChatMessage,
  Deadlines,
  EngineOffer,
  MessageOf,
  ModelOffer,
  Needs,
  OperatorCertificate,
  Score,
  SessionMessage,
} from '../protocol/messages.ts'
import type { SealKey } from '../protocol/ids.ts'
import type { Entry, SessionRecord } from './entry.ts'
import type { Refusal } from './admit.ts'

/** What only the leader of a term says: the asker, or who takes over. */
export type LeadersStatement = Entry<MessageOf<'commitments-closed' | 'verdict-reached'>>

/** What the asker wants, fixed when it asks. */
export interface Question {
  readonly messages: readonly ChatMessage[]
  /** Oldest turns left out because a session carries no more. */
  readonly droppedTurns?: number
  readonly invited: readonly NodeId[]
  readonly needs: Needs
  readonly maxTokens: number
  readonly deadlines: Deadlines
  /** Whoever asked will ask again where nobody joins: then this session ends instead of being answered alone. */
  readonly asksAgain?: boolean
  /** Whether the asker's own model answers beside the others; where it is too slow for that, it only stands by. */
  readonly ownExecutes: boolean
  /** How long the asker's own model may take where it answers alone, in ms. */
  readonly aloneMs: number
}

/** What a node brings to a session. */
export interface Offer {
  readonly certificate: OperatorCertificate
  /** Null where no model is loaded: such a node may ask, and nothing else. */
  readonly engine: EngineOffer | null
  readonly executes: boolean
  readonly verifies: boolean
  readonly estimateMs: number
  readonly sealKey: SealKey
}

export interface OwnAnswer {
  /** Which model wrote it: not always the one that this node joined with. */
  readonly by: ModelOffer
  readonly text: string
  readonly tokens: number
  readonly durationMs: number
  readonly droppedTurns: number
}

export interface OwnScores {
  readonly instrument: MessageOf<'scores-revealed'>['instrument']
  readonly scores: readonly Score[]
  readonly durationMs: number
}

/** When something first held, on this node's clock; the two `-due` marks are taken back when they no longer hold. */
export type Mark =
  | 'started'
  | 'assigned'
  | 'executor-majority'
  | 'executor-due'
  | 'executor-closed'
  | 'answers-ready'
  | 'verifier-majority'
  | 'verifier-due'
  | 'verifier-closed'
  | 'scores-ready'
  | 'verdict'
  | 'leader-gone'
  | 'resumed'
  | 'alone'
  | 'crowded'
  | 'lacking'
  | 'draw-checked'

export type Outcome = 'answered' | 'alone' | 'cancelled' | 'failed'

/**
 * One node's part in one session.
 *
 * Invariants: 1. `record` and `own` decide what to do next, so that a node that was reloaded goes on where its record
 * stands; `sent` only keeps a statement from being made twice before it comes back; 2. no state without a deadline:
 * while `outcome` is null, `deadlines` holds at least `expiry`.
 */
export interface SessionState {
  readonly session: SessionId
  readonly self: NodeId
  readonly offer: Offer
  /** 32 secret bytes from which this node's nonces and salts of the session derive. */
  readonly seed: Salt
  /** Only at the asker. */
  readonly question: Question | null
  readonly record: SessionRecord
  /** Statements of take-overs whose turn has not come on this node's clock; at most one a term and subject. */
  readonly untimely: readonly LeadersStatement[]
  readonly heardAt: ReadonlyMap<Digest, number>
  readonly marks: Readonly<Partial<Record<Mark, number>>>
  readonly gone: readonly NodeId[]
  readonly sent: readonly string[]
  readonly running: readonly JobKind[]
  readonly failed: readonly JobKind[]
  readonly own: { readonly answer: OwnAnswer | null; readonly scores: OwnScores | null }
  readonly cancelled: boolean
  readonly deadlines: Readonly<Partial<Record<TimerId, number>>>
  readonly outcome: Outcome | null
  /** The verdict that this node goes by: the valid one of the lowest term. */
  readonly adopted: Entry<MessageOf<'verdict-reached'>> | null
}

export type TimerId = 'join' | 'late' | 'stage' | 'reveal' | 'lead' | 'catch-up' | 'expiry'

export type JobKind = 'generate' | 'judge'

export type Job =
  | {
      readonly kind: 'generate'
      readonly messages: readonly ChatMessage[]
      readonly seed: number
      readonly temperatureMilli: number
      readonly maxTokens: number
    }
  | {
      readonly kind: 'judge'
      readonly messages: readonly ChatMessage[]
      readonly answers: readonly { readonly digest: Digest; readonly text: string }[]
    }

export type Input =
  | { readonly type: 'started'; readonly now: number }
  | { readonly type: 'received'; readonly entry: Entry; readonly now: number }
  /** Statements taken up closed, read again with the session's key: all at once, so that a judge sees every answer. */
  | { readonly type: 'reopened'; readonly entries: readonly Entry[]; readonly now: number }
  | { readonly type: 'timer'; readonly id: TimerId; readonly now: number }
  | { readonly type: 'generated'; readonly answer: OwnAnswer; readonly now: number }
  | { readonly type: 'judged'; readonly scores: OwnScores; readonly now: number }
  | { readonly type: 'inference-failed'; readonly kind: JobKind; readonly now: number }
  | { readonly type: 'node-gone'; readonly node: NodeId; readonly now: number }
  /** It had been given up wrongly, and takes part as before. */
  | { readonly type: 'node-back'; readonly node: NodeId; readonly now: number }
  /** This node was deaf for a while; the time is left out of its clock. */
  | { readonly type: 'stood-still'; readonly now: number }
  | { readonly type: 'cancel'; readonly now: number }

/** What the asker keeps so that a reloaded tab can go on; envelopes and keys are the shell's to add. */
export interface Snapshot {
  readonly session: SessionId
  readonly seed: Salt
  readonly question: Question | null
  readonly own: SessionState['own']
}

export type SessionEvent =
  | { readonly type: 'changed' }
  | { readonly type: 'refused'; readonly entry: Entry; readonly reason: Refusal }
  | { readonly type: 'ended'; readonly outcome: Outcome }
  /** Nothing more can happen; whoever keeps the state may drop it. */
  | { readonly type: 'expired' }

/** Run in order; every `persist` of a step is durable before its first `publish`. */
export type Effect =
  | { readonly type: 'persist'; readonly snapshot: Snapshot }
  | { readonly type: 'publish'; readonly message: SessionMessage }
  | { readonly type: 'set-timer'; readonly id: TimerId; readonly at: number }
  | { readonly type: 'clear-timer'; readonly id: TimerId }
  | { readonly type: 'infer'; readonly job: Job }
  | { readonly type: 'abort'; readonly kind: JobKind }
  /** Of no digests: all that others have of the session is wanted. */
  | { readonly type: 'fetch'; readonly digests: readonly Digest[] }
  | { readonly type: 'notify'; readonly event: SessionEvent }
