import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import type { NodeId } from '#core/protocol/ids.ts'

/** The libp2p name of a node: its Ed25519 public key, as libp2p writes keys. */
export function peerIdOf(node: NodeId): PeerId {
  const bytes = new Uint8Array(32)
  for (let index = 0; index < 32; index++) bytes[index] = Number.parseInt(node.slice(2 * index, 2 * index + 2), 16)
  return peerIdFromPublicKey(publicKeyFromRaw(bytes))
}

/** The node behind a peer id; null where its key is not Ed25519, which no node of ours has. */
export function nodeIdOf(peer: PeerId): NodeId | null {
  return peer.type === 'Ed25519' ? nodeIdFromBytes(peer.publicKey.raw) : null
}

/** Shape of `bytes`: 32. */
export function nodeIdFromBytes(bytes: Uint8Array): NodeId {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('') as NodeId
}
