import type { NodeId } from '#core/protocol/ids.ts'
import { nodeIdFromBytes } from './peer-identity.ts'

/**
 * "I am here", as nodes tell each other on the discovery topic. It carries no address: nodes are reached through the
 * relay that both use, so a stranger cannot make a tab contact a host of the stranger's choice. It is not signed: a
 * false one costs a failed dial, and whoever answers a dial proves its key.
 */
export interface Announcement {
  readonly node: NodeId
  /** It holds a reservation at the relay, so that it can be dialled. */
  readonly listening: boolean
  /** It is new here and wants the others to announce themselves too. */
  readonly asking: boolean
  /** Number of its direct links, at most 255. */
  readonly links: number
}

const VERSION = 1
const NODE_BYTES = 32
/** Makes equal announcements different frames, so that gossip does not take the later for an echo of the earlier. */
const NONCE_BYTES = 8
const SIZE_BYTES = 3 + NODE_BYTES + NONCE_BYTES

/** Shape: version, flags, links, node, nonce; 43 bytes. */
export function encodeAnnouncement(announcement: Announcement): Uint8Array {
  const bytes = new Uint8Array(SIZE_BYTES)
  bytes[0] = VERSION
  bytes[1] = (announcement.listening ? 1 : 0) | (announcement.asking ? 2 : 0)
  bytes[2] = Math.min(announcement.links, 255)
  for (let index = 0; index < NODE_BYTES; index++) {
    bytes[3 + index] = Number.parseInt(announcement.node.slice(2 * index, 2 * index + 2), 16)
  }
  crypto.getRandomValues(bytes.subarray(3 + NODE_BYTES))
  return bytes
}

/** Null for anything that is not an announcement of this version. */
export function decodeAnnouncement(bytes: Uint8Array): Announcement | null {
  const [version, flags = 0, links = 0] = bytes
  if (bytes.byteLength !== SIZE_BYTES || version !== VERSION || flags > 3) return null
  return {
    node: nodeIdFromBytes(bytes.subarray(3, 3 + NODE_BYTES)),
    listening: (flags & 1) !== 0,
    asking: (flags & 2) !== 0,
    links,
  }
}
