/** Every bound of the protocol, with its reason. A frame beyond one is refused before it is looked at further. */

/** One gossip frame. Above 256 kB WebRTC data channels of some browsers fail; no message of ours needs half of it. */
export const MAX_FRAME_BYTES = 128 * 1024

/** A conversation as the asker sends it: about 4,000 tokens of history, more than any small model reads. */
export const MAX_TASK_BYTES = 32 * 1024

/** One answer. At 4 bytes a token, 4,096 tokens. */
export const MAX_ANSWER_BYTES = 16 * 1024

/** Upper bound of `maxTokens`, so that nobody reserves a stranger's tab for an hour. */
export const MAX_ANSWER_TOKENS = 4096

/** Executors and verifiers of one session: more judges than 9 no longer change a verdict's error rate noticeably. */
export const MAX_EXECUTORS = 4
export const MAX_VERIFIERS = 9

/** Nodes invited to a session: what it needs plus half, rounded up (13 + 3 at the most). */
export const MAX_INVITED = 16

/** Envelopes that a verdict may count: every participant's messages of every kind, replacements included. */
export const MAX_COUNTED = 128

/** Envelopes of one session that are served at once, and that a node may name as held when it asks for more. */
export const MAX_SERVED = 2 * MAX_COUNTED

/** Models that one node serves at a time. */
export const MAX_ENGINES = 4

/** Far beyond any device; a speed is a number to reckon with, not to boast with. */
export const MAX_TOKENS_PER_SECOND = 1 << 20

/** Length of names: engine classes and model ids. */
export const MAX_NAME_CHARS = 128

/** A stage's longest deadline. Slow phones need minutes; nothing legitimate needs more. */
export const MAX_STAGE_MS = 10 * 60_000

/** How long a presence announcement may claim to hold without a new one. */
export const MAX_PRESENCE_MS = 5 * 60_000

/** Scores are integers from 0 to 9999, shown as 0.00 to 0.99. */
export const MAX_SCORE = 9999

/** Take-overs: the k-th participant leads term k; there are at most this many participants. */
export const MAX_TERM = MAX_EXECUTORS + MAX_VERIFIERS

/** The key under which a session's texts are sealed. */
export const SESSION_KEY_BYTES = 32

/** A transcript's frames: every participant's statements of every kind, take-overs and objections included. */
export const MAX_TRANSCRIPT_FRAMES = 512

/** One task, sixteen answers of full length and everything else: below a megabyte; four leave room for frames. */
export const MAX_TRANSCRIPT_BYTES = 4 * 1024 * 1024

/** Statements that one sender may be ahead by: a leader says ten things, replacements included. */
export const MAX_EARLY_PER_SENDER = 16

/** Statements that wait in all, for half of the invited to be as far ahead as they may. */
export const MAX_EARLY = 128

/** Contradictions kept of one sender: two prove it a liar, more would only fill memory. */
export const MAX_CONFLICTS_PER_SENDER = 4
