/** Name and major version: part of every topic, stream name, hash and signature. */
export const PROTOCOL = 'tabswarm/3'

/** Version of the envelope's form. */
export const ENVELOPE_VERSION = 3

/** The gossip topic of a network (SPEC NET-1). */
export function topicOf(network: string): string {
  return `/${PROTOCOL}/${network}`
}

/** The topic on which nodes of a network announce their addresses. */
export function discoveryTopicOf(network: string): string {
  return `_tabswarm/${network}/peers`
}

/** Executor to leader: live tokens, for the eye only. */
export const DRAFT_STREAM = `/${PROTOCOL}/draft`

/** Fetching by name: presence, a session's envelopes. */
export const FETCH_STREAM = `/${PROTOCOL}/fetch`

/** Between participants of a session that runs: whether the other is still there. */
export const ALIVE_STREAM = `/${PROTOCOL}/alive`

/** Version of the transcript file's form. */
export const TRANSCRIPT_VERSION = 3
