import * as v from 'valibot'
import { Digest, NodeId, OperatorId, Salt, SealKey, SessionId, Signature } from './ids.ts'
import * as limits from './limits.ts'

/**
 * Every message of the protocol, as the core sees it: verified and unsealed. Types are inferred from these
 * schemas and written nowhere else. On the wire, fields, types and words of enumerations go by their position here
 * (SPEC ENV-6), so their order is part of the protocol. Facts are in the past tense. Times are durations in milliseconds.
 */

const count = (max: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(max))
const durationMs = count(limits.MAX_STAGE_MS)
const name = v.pipe(v.string(), v.minLength(1), v.maxLength(limits.MAX_NAME_CHARS))

/**
 * A text that only a session's participants can read. On the wire it is `[digest, sealed]`; the digest is
 * SHA-256 over salt and text, so that later messages name the text without repeating or betraying it.
 * `text` and `salt` are null for whoever does not hold the session's key.
 */
const sealedText = (maxBytes: number) =>
  v.pipe(
    v.strictObject({
      digest: Digest,
      salt: v.nullable(Salt),
      text: v.nullable(v.pipe(v.string(), v.maxBytes(maxBytes))),
    }),
    v.metadata({ wire: 'sealed', maxBytes }),
  )
export type SealedText = v.InferOutput<ReturnType<typeof sealedText>>

export const Role = v.picklist(['executor', 'verifier'])
export type Role = v.InferOutput<typeof Role>

/** A seat in a session: role and index. A seat outlives its holder, who may be replaced. */
export const Slot = v.strictObject({ role: Role, index: count(limits.MAX_VERIFIERS - 1) })
export type Slot = v.InferOutput<typeof Slot>

/** Device key's statement that a node is one of its own. Signature domain: `operator` (SPEC ID-3). */
export const OperatorCertificate = v.strictObject({ operator: OperatorId, signature: Signature })
export type OperatorCertificate = v.InferOutput<typeof OperatorCertificate>

/** What a session has to know of the model that a node brings. */
export const ModelOffer = v.strictObject({
  modelDigest: Digest,
  modelName: name,
  /** Rough ability, from 0 (embedded) to 9: a judge should not be of a lower tier than what it judges. */
  tier: count(9),
})
export type ModelOffer = v.InferOutput<typeof ModelOffer>

/** What a node would compute with. `engineClass` names everything that makes two runs comparable bit by bit. */
export const EngineOffer = v.strictObject({
  ...ModelOffer.entries,
  engineClass: name,
  contextTokens: count(1 << 20),
  prefillTokensPerSecond: count(limits.MAX_TOKENS_PER_SECOND),
  decodeTokensPerSecond: count(limits.MAX_TOKENS_PER_SECOND),
  /** Of the answers that it judges: as fast as it reads, or where it is made to say them, as it writes. */
  judgeTokensPerSecond: count(limits.MAX_TOKENS_PER_SECOND),
})
export type EngineOffer = v.InferOutput<typeof EngineOffer>

export const NodeAdvertised = v.strictObject({
  type: v.literal('node-advertised'),
  certificate: OperatorCertificate,
  engines: v.pipe(v.array(EngineOffer), v.maxLength(limits.MAX_ENGINES)),
  visibility: v.picklist(['visible', 'hidden']),
  /** Whether it takes foreign work, by role. */
  executes: v.boolean(),
  verifies: v.boolean(),
  freeSlots: count(64),
  /** Holds for this long from receipt, unless renewed. */
  expiresInMs: count(limits.MAX_PRESENCE_MS),
})

export const NodeLeft = v.strictObject({ type: v.literal('node-left') })

export const Needs = v.strictObject({
  executors: v.pipe(count(limits.MAX_EXECUTORS), v.minValue(1)),
  verifiers: v.pipe(count(limits.MAX_VERIFIERS), v.minValue(1)),
})
export type Needs = v.InferOutput<typeof Needs>

export const Deadlines = v.strictObject({
  joinMs: durationMs,
  executeMs: durationMs,
  verifyMs: durationMs,
  finalizeMs: durationMs,
})
export type Deadlines = v.InferOutput<typeof Deadlines>

export const SessionOpened = v.strictObject({
  type: v.literal('session-opened'),
  session: SessionId,
  certificate: OperatorCertificate,
  invited: v.pipe(v.array(NodeId), v.minLength(2), v.maxLength(limits.MAX_INVITED)),
  needs: Needs,
  maxTokens: v.pipe(count(limits.MAX_ANSWER_TOKENS), v.minValue(1)),
  deadlines: Deadlines,
  /** Credits offered; always 0 in this version. */
  price: count(0),
  nonceCommitment: Digest,
  sealKey: SealKey,
})

export const SessionJoined = v.strictObject({
  type: v.literal('session-joined'),
  session: SessionId,
  certificate: OperatorCertificate,
  model: ModelOffer,
  executes: v.boolean(),
  verifies: v.boolean(),
  /** To what opens this node's scores later. As nobody can foresee it, the draw rests on it too. */
  saltCommitment: Digest,
  sealKey: SealKey,
  /** How long this node thinks its longest part takes. */
  estimateMs: durationMs,
})

export const RolesAssigned = v.strictObject({
  type: v.literal('roles-assigned'),
  session: SessionId,
  /** Digests of the `session-joined` envelopes that the draw counted, ascending. */
  joins: v.pipe(v.array(Digest), v.minLength(2), v.maxLength(limits.MAX_INVITED)),
  nonce: Salt,
  executors: v.pipe(v.array(NodeId), v.minLength(1), v.maxLength(limits.MAX_EXECUTORS)),
  verifiers: v.pipe(v.array(NodeId), v.minLength(1), v.maxLength(limits.MAX_VERIFIERS)),
  /** JSON of the conversation, `ChatMessage[]`. */
  task: sealedText(limits.MAX_TASK_BYTES),
})

export const RoleReplaced = v.strictObject({
  type: v.literal('role-replaced'),
  session: SessionId,
  slot: Slot,
  from: NodeId,
  to: NodeId,
})

/** Its holder cannot do its part, so that nobody need wait for it to be late. */
export const SeatDeclined = v.strictObject({ type: v.literal('seat-declined'), session: SessionId, slot: Slot })

export const ResultCommitted = v.strictObject({
  type: v.literal('result-committed'),
  session: SessionId,
  slot: Slot,
  commitment: Digest,
})

export const CommitmentsClosed = v.strictObject({
  type: v.literal('commitments-closed'),
  session: SessionId,
  term: count(limits.MAX_TERM),
  role: Role,
  /** Digests of the commitment envelopes that count, ascending. */
  commitments: v.pipe(v.array(Digest), v.maxLength(limits.MAX_VERIFIERS)),
})

export const ResultRevealed = v.strictObject({
  type: v.literal('result-revealed'),
  session: SessionId,
  slot: Slot,
  salt: Salt,
  answer: sealedText(limits.MAX_ANSWER_BYTES),
  tokens: count(limits.MAX_ANSWER_TOKENS),
  durationMs,
})

export const Score = v.strictObject({
  /** Salted digest of the answer that was judged. */
  answer: Digest,
  score: count(limits.MAX_SCORE),
})
export type Score = v.InferOutput<typeof Score>

export const ScoresCommitted = v.strictObject({
  type: v.literal('scores-committed'),
  session: SessionId,
  slot: Slot,
  commitment: Digest,
})

export const ScoresRevealed = v.strictObject({
  type: v.literal('scores-revealed'),
  session: SessionId,
  slot: Slot,
  /** Opens the `saltCommitment` of this verifier's join, and the commitment to these scores. */
  secretSalt: Salt,
  instrument: v.picklist(['likelihood', 'rating']),
  scores: v.pipe(v.array(Score), v.maxLength(limits.MAX_EXECUTORS)),
  durationMs,
})

export const Doubt = v.picklist([
  'low-scores',
  'narrow-margin',
  'no-verifier',
  'one-verifier',
  'one-answer',
  'disagreement',
  'lower-tier-judge',
])
export type Doubt = v.InferOutput<typeof Doubt>

/** The outcome of `decide`. All numbers are integers; aggregates are on the score scale. */
export const Verdict = v.strictObject({
  winner: v.nullable(NodeId),
  answer: v.nullable(Digest),
  /** By executor, best first. */
  ranking: v.pipe(
    v.array(
      v.strictObject({
        node: NodeId,
        answer: Digest,
        aggregate: count(limits.MAX_SCORE),
        judges: count(limits.MAX_VERIFIERS),
      }),
    ),
    v.maxLength(limits.MAX_EXECUTORS),
  ),
  /** Best aggregate less the second best; the best itself where only one answer stands. */
  margin: count(limits.MAX_SCORE),
  independence: v.strictObject({
    independentVerifiers: count(limits.MAX_VERIFIERS),
    verifiers: count(limits.MAX_VERIFIERS),
  }),
  doubtful: v.pipe(v.array(Doubt), v.maxLength(Doubt.options.length)),
})
export type Verdict = v.InferOutput<typeof Verdict>

export const VerdictReached = v.strictObject({
  type: v.literal('verdict-reached'),
  session: SessionId,
  term: count(limits.MAX_TERM),
  /** Digests of the envelopes that `decide` read, ascending. */
  counted: v.pipe(v.array(Digest), v.maxLength(limits.MAX_COUNTED)),
  verdict: Verdict,
})

export const Objection = v.strictObject({
  type: v.literal('objection'),
  session: SessionId,
  term: count(limits.MAX_TERM),
  /** Digest of the `verdict-reached` envelope. */
  verdict: Digest,
  reason: v.picklist(['recomputation-differs', 'envelope-missing', 'draw-differs']),
  /** Envelopes that the objector held in time and the verdict left out. */
  missing: v.pipe(v.array(Digest), v.maxLength(limits.MAX_COUNTED)),
})

export const SessionCancelled = v.strictObject({ type: v.literal('session-cancelled'), session: SessionId })

export const SessionClosed = v.strictObject({
  type: v.literal('session-closed'),
  session: SessionId,
  outcome: v.picklist(['answered', 'cancelled', 'failed']),
})

export const Message = v.variant('type', [
  NodeAdvertised,
  NodeLeft,
  SessionOpened,
  SessionJoined,
  RolesAssigned,
  RoleReplaced,
  SeatDeclined,
  ResultCommitted,
  CommitmentsClosed,
  ResultRevealed,
  ScoresCommitted,
  ScoresRevealed,
  VerdictReached,
  Objection,
  SessionCancelled,
  SessionClosed,
])
export type Message = v.InferOutput<typeof Message>
export type MessageType = Message['type']
export type MessageOf<T extends MessageType> = Extract<Message, { type: T }>
export type SessionMessage = Extract<Message, { session: SessionId }>

/** One turn of a conversation, as models read it. */
export const ChatMessage = v.strictObject({
  role: v.picklist(['system', 'user', 'assistant']),
  content: v.string(),
})
export type ChatMessage = v.InferOutput<typeof ChatMessage>
