import type { NodeId } from '#core/protocol/ids.ts'
import type { OperatorCertificate } from '#core/protocol/messages.ts'

/** Who this node is. Two nodes never run with one identity at a time (SPEC ID-2). */
export interface Identity {
  readonly node: NodeId
  /** 32-byte Ed25519 private key of the node. */
  readonly privateKey: Uint8Array
  readonly certificate: OperatorCertificate
  /** Number of the profile's identity slot, from 0. */
  readonly slot: number
  /** False where the key could not be kept (private mode, blocked storage): a reload gives a new identity. */
  readonly persistent: boolean
}

export interface KeyStore {
  /** Claims a slot for as long as this page lives: the one it had before a reload, else the lowest free one. */
  claim(signal?: AbortSignal): Promise<Identity>
  release(): Promise<void>
}
