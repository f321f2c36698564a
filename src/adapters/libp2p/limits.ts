/** What one node keeps up. All times in milliseconds. */
export interface MeshLimits {
  /** Below this many direct links, a node dials. Few: each costs CPU on the interface's thread, gossip needs no more. */
  readonly targetLinks: number
  /** Above this many, it closes those that the others need least. */
  readonly maxLinks: number
  /** WebRTC dials under way at a time: more than three slow each other down on small machines. */
  readonly parallelDials: number
  /** How long the node with the higher id leaves dialling to the lower one. */
  readonly dialGraceMs: number
  /** On slow machines ICE and DTLS take this long. */
  readonly dialTimeoutMs: number
  /** A dial that takes longer does not count as under way when others are planned. */
  readonly slowDialMs: number
  /** First wait after a failed dial, doubled after each further one up to `maxBackoffMs`. */
  readonly backoffMs: number
  readonly maxBackoffMs: number
  /** Interval of announcements in a small network; it grows with the network's size. */
  readonly announceMs: number
  /** How long a link may take to answer a ping after `wake`. */
  readonly pingTimeoutMs: number
  /** A stream that carries nothing for this long is aborted. */
  readonly idleStreamMs: number
}

export const DEFAULT_LIMITS: MeshLimits = {
  targetLinks: 4,
  maxLinks: 12,
  parallelDials: 3,
  dialGraceMs: 1_500,
  dialTimeoutMs: 30_000,
  slowDialMs: 8_000,
  backoffMs: 500,
  maxBackoffMs: 15_000,
  announceMs: 15_000,
  pingTimeoutMs: 3_000,
  idleStreamMs: 60_000,
}

/** Nodes a mesh remembers from announcements; those heard last stay. */
export const MAX_CANDIDATES = 256

/** Wait before attempt number `failures`, with jitter, so that tabs cut off together do not come back together. */
export function backoffMs(limits: MeshLimits, failures: number): number {
  const ceiling = Math.min(limits.maxBackoffMs, limits.backoffMs * 2 ** Math.max(0, failures - 1))
  return ceiling * (0.5 + Math.random() / 2)
}
