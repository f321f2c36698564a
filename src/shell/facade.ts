import type { Doubt, EngineOffer, ChatMessage, Role, Verdict } from '#core/protocol/messages.ts'
import type { NodeId, OperatorId, SessionId } from '#core/protocol/ids.ts'
import type { EngineDescription, LoadProgress } from '#ports/engine.ts'
import type { Link, MeshState } from '#ports/mesh.ts'
import type { ShelfSurvey } from '#ports/model-shelf.ts'
import type { Settings, Store } from '#ports/store.ts'

/** What the interface, `window.tabswarm` and tests see of a node. Read-only views; verbs are methods. */

export interface SwarmStatus {
  readonly node: NodeId | null
  readonly operator: OperatorId | null
  readonly network: string
  readonly mesh: MeshState
  /** What answers now. */
  readonly engine: EngineStatus
  /** The larger model to be had, beside what answers now; null where there are none. */
  readonly models: ModelsStatus | null
  /** Null where the site's catalogue could not be read. */
  readonly family: ModelFamily | null
  /** Seats this node holds right now. */
  readonly roles: readonly { session: SessionId; role: 'leader' | Role }[]
  readonly settings: Settings
  /** Null while memory is durable, else the error's name (`SecurityError`, `QuotaExceededError`, …). */
  readonly storageProblem: string | null
  readonly secureContext: boolean
  /** False where this machine has no network at all. */
  readonly online: boolean
  /** The last standstill of this tab or its machine that cost a question; null where none did. */
  readonly lostAsleep: AbsenceView | null
  /** Counters of what was dropped and why, such as `dropped:forged`. */
  readonly counters: Readonly<Record<string, number>>
}

export interface AbsenceView {
  readonly durationMs: number
  /** Own questions that were running then, and came to nothing. */
  readonly questionsLost: number
}

export type EngineStatus =
  | { readonly phase: 'idle' }
  | { readonly phase: 'loading'; readonly progress: LoadProgress | null }
  | { readonly phase: 'ready'; readonly description: EngineDescription; readonly busy: boolean }
  | { readonly phase: 'failed'; readonly error: string }

export interface ModelsStatus extends ShelfSurvey {
  /** The person's last choice, in use or not; null for the embedded model. */
  readonly chosen: string | null
  readonly activity: ModelActivity
}

export interface ModelVerbs {
  /** A person's yes to a larger model: contacts its hosts, downloads it, and answers with it once it is ready. */
  choose(modelId: string): Promise<void>
  /** Answers with the embedded model again, from now on; what was downloaded is kept. */
  useEmbedded(): Promise<void>
  /** Stops the download, or waiting for another tab; what has arrived is kept. */
  cancel(): Promise<void>
  /** Gives a model up, and its storage back. */
  remove(modelId: string): Promise<void>
}

/** What becomes of the larger model that was chosen. `elsewhere`: another tab of this browser holds one. */
export type ModelActivity =
  | { readonly phase: 'none' }
  | { readonly phase: 'downloading' | 'loading'; readonly modelId: string; readonly progress: LoadProgress | null }
  | { readonly phase: 'elsewhere' | 'in-use'; readonly modelId: string }
  | { readonly phase: 'failed'; readonly modelId: string; readonly error: string }

/** The models that ship with the site, as its catalogue describes them. */
export interface ModelFamily {
  readonly name: string
  /** `summary`: an honest sentence about what this member can do. */
  readonly members: readonly { readonly id: string; readonly kind: string; readonly summary: string }[]
  /** Questions that show the family at its best. */
  readonly questions: readonly string[]
}

export interface PeerView {
  readonly node: NodeId
  readonly operator: OperatorId
  /** Another tab of this browser profile. */
  readonly own: boolean
  readonly link: Link | null
  readonly engines: readonly EngineOffer[]
  readonly visibility: 'visible' | 'hidden'
  readonly executes: boolean
  readonly verifies: boolean
}

export interface AskOptions {
  readonly executors?: number
  readonly verifiers?: number
  readonly maxTokens?: number
  readonly signal?: AbortSignal
  /** The likeliest draft so far, whole, as it grows. For the eye only: the verdict never depends on it. */
  readonly onDraft?: (draft: Draft) => void
  /** The session's story as it unfolds. */
  readonly onProgress?: (view: SessionView) => void
  /** Called before anything is sent; again, with another one, where nobody took the question up and it is asked anew. */
  readonly onSession?: (session: SessionId) => void
  /** The question waits before it is asked, and why; null when it waits no longer. */
  readonly onWaiting?: (reason: WaitReason | null) => void
}

/** `turn`: other questions of this tab come first. `busy`: everybody else has their hands full. */
export type WaitReason = 'turn' | 'busy'

export interface Draft {
  readonly node: NodeId
  readonly text: string
}

export interface Answer {
  readonly text: string
  readonly session: SessionId
  /** Null when nobody else took part: the answer is this tab's own, not verified. */
  readonly verdict: Verdict | null
  readonly view: SessionView
}

/** One session, told from its transcript alone; what the seal and "how the swarm decided" draw. */
export interface SessionView {
  readonly session: SessionId
  readonly stage: 'advertise' | 'execute' | 'verify' | 'finalize' | 'done'
  /** Why it stands as it does; `alone` means not verified: no other tab. */
  readonly outcome: 'running' | 'answered' | 'alone' | 'cancelled' | 'failed'
  /** Where `failed`: the error's name. */
  readonly error: string | null
  readonly leader: NodeId
  readonly term: number
  readonly joined: readonly NodeId[]
  readonly executors: readonly ExecutorView[]
  readonly verifiers: readonly VerifierView[]
  readonly verdict: Verdict | null
  readonly winner: NodeId | null
  readonly independence: 'independent' | 'partly' | 'own-tabs' | 'none'
  readonly doubtful: readonly Doubt[]
  /** Number of commitments that matched their reveal. */
  readonly commitmentsChecked: number
  readonly objections: number
  /** Durations of the stages on the leader's own clock, in ms; absent stages are missing. */
  readonly durationsMs: Readonly<Partial<Record<'advertise' | 'execute' | 'verify' | 'finalize', number>>>
  readonly droppedTurns: number
  /** Where `alone`: the model that answered, if this tab still knows. */
  readonly aloneModel: string | null
}

export interface ExecutorView {
  readonly node: NodeId
  readonly own: boolean
  readonly model: string
  /** Of the model, as its node claims it: from 0 (embedded) to 9. */
  readonly tier: number
  readonly state: 'working' | 'committed' | 'revealed' | 'late' | 'replaced'
  /** Null for whoever does not hold the session's key, and before the reveal. */
  readonly text: string | null
  readonly tokens: number
  readonly durationMs: number
}

export interface VerifierView {
  readonly node: NodeId
  readonly own: boolean
  readonly model: string
  /** Of the model, as its node claims it: from 0 (embedded) to 9. */
  readonly tier: number
  readonly state: 'waiting' | 'working' | 'committed' | 'revealed' | 'late' | 'replaced'
  readonly instrument: 'likelihood' | 'rating' | null
  /** By executor's node id, 0 to 9999. */
  readonly scores: Readonly<Record<string, number>>
}

/** A downloadable transcript: everything that `replay` needs. */
export interface TranscriptFile {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * One running node. Errors of `ask`: `EmptyPromptError`, `PromptTooLongError`, `NoEngineError`,
 * `ContextOverflowError`, `SessionFailedError`, `TooManyQuestionsError`, and the signal's `AbortError`.
 */
export interface SwarmFacade {
  status(): SwarmStatus
  peers(): readonly PeerView[]
  /** Calls back, at most once a frame, whenever `status` or `peers` changed. Returns the cancellation. */
  subscribe(listener: () => void): () => void
  ask(messages: readonly ChatMessage[], options?: AskOptions): Promise<Answer>
  /** A question that this tab asked before it was reloaded, taken up again; null when there is none to take up. */
  resume(session: SessionId, options?: AskOptions): Promise<Answer> | null
  session(session: SessionId): Promise<SessionView | null>
  transcript(session: SessionId): Promise<TranscriptFile | null>
  changeSettings(change: Partial<Settings>): Promise<void>
  /** Chats and their turns, for the interface. */
  readonly chats: Store['chats']
  retryEngine(): Promise<void>
  /** Null where there are no larger models to be had. */
  readonly models: ModelVerbs | null
  stop(): Promise<void>
}
