import { publicKeyFromRaw } from '@libp2p/crypto/keys'
import type { PeerId } from '@libp2p/interface'
import { peerIdFromPublicKey } from '@libp2p/peer-id'
import { bytesToHex, hexToBytes } from '#core/bytes.ts'
import type { NodeId } from '#core/protocol/ids.ts'

/** The libp2p name of a node: its Ed25519 public key, as libp2p writes keys. */
export function peerIdOf(node: NodeId): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(hexToBytes(node)))
}

/** The node behind a peer id; null where its key is not Ed25519, which no node of ours has. */
export function nodeIdOf(peer: PeerId): NodeId | null {
  return peer.type === 'Ed25519' ? nodeIdFromBytes(peer.publicKey.raw) : null
}

/** Shape of `bytes`: 32. */
export function nodeIdFromBytes(bytes: Uint8Array): NodeId {
  return bytesToHex(bytes) as NodeId
}
