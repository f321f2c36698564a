import { randomBytes } from '@noble/hashes/utils.js'
import { ed25519 } from '@noble/curves/ed25519.js'
import { bytesToHex } from '#core/bytes.ts'
import { decodeEnvelope, encodeEnvelope } from '#core/protocol/envelope.ts'
import type { Digest, NodeId, Salt, SessionId, Signature } from '#core/protocol/ids.ts'

/** A node that says nothing but its sequence number, in frames that every relay passes on, as large as wanted. */
export interface FrameWriter {
  readonly node: NodeId
  /** Shape: 32 bytes. */
  readonly privateKey: Uint8Array
  /** With `sealedBytes`, about that much larger: a frame that holds a sealed text. */
  frame(sequence: number, sealedBytes?: number): Uint8Array
}

export function createFrameWriter(privateKey: Uint8Array, network: string): FrameWriter {
  const node = bytesToHex(ed25519.getPublicKey(privateKey)) as NodeId
  return {
    node,
    privateKey,
    frame(sequence, sealedBytes) {
      const message = sealedBytes === undefined ? FAREWELL : REVEAL
      const draft = { message, sequence, grants: [] }
      const envelope = encodeEnvelope(draft, node, network, () => randomBytes(sealedBytes ?? 0))
      return envelope.complete(bytesToHex(ed25519.sign(envelope.signedBytes, privateKey)) as Signature)
    },
  }
}

const FAREWELL = { type: 'node-left' } as const
const REVEAL = {
  type: 'result-revealed' as const,
  session: '00'.repeat(16) as SessionId,
  slot: { role: 'executor' as const, index: 0 },
  salt: '00'.repeat(32) as Salt,
  answer: { digest: '00'.repeat(32) as Digest, salt: '00'.repeat(32) as Salt, text: '' },
  tokens: 1,
  durationMs: 1,
}

/** Who wrote a frame of a `FrameWriter`, and its number. Null for other frames. */
export function readFrame(frame: Uint8Array, network: string): { from: NodeId; sequence: number } | null {
  const decoded = decodeEnvelope(frame, network)
  return decoded.ok ? { from: decoded.envelope.from, sequence: decoded.envelope.sequence } : null
}
