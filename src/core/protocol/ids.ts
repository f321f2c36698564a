import * as v from 'valibot'

/**
 * Identifiers are lower-case hexadecimal strings in memory, so that they compare and key maps directly,
 * and byte strings on the wire (see wire.ts), so that a session stays within its byte budget.
 */
function hex<const Name extends string>(name: Name, sizeBytes: number) {
  return v.pipe(
    v.string(),
    v.regex(new RegExp(`^[0-9a-f]{${sizeBytes * 2}}$`), `expected ${sizeBytes} bytes`),
    v.brand(name),
    v.metadata({ wire: 'bytes' }),
  )
}

/** A node's Ed25519 public key (RFC 8032), 32 bytes. The libp2p peer id is derived from it. */
export const NodeId = hex('NodeId', 32)
export type NodeId = v.InferOutput<typeof NodeId>

/** The Ed25519 public key of a browser profile's device key, which signs the key of each of its nodes. */
export const OperatorId = hex('OperatorId', 32)
export type OperatorId = v.InferOutput<typeof OperatorId>

/** 16 random bytes, drawn by the asker. */
export const SessionId = hex('SessionId', 16)
export type SessionId = v.InferOutput<typeof SessionId>

/** A SHA-256 digest. */
export const Digest = hex('Digest', 32)
export type Digest = v.InferOutput<typeof Digest>

/** 32 random bytes: a nonce, or the salt of a commitment. */
export const Salt = hex('Salt', 32)
export type Salt = v.InferOutput<typeof Salt>

/** An X25519 public key (RFC 7748), fresh for each session. */
export const SealKey = hex('SealKey', 32)
export type SealKey = v.InferOutput<typeof SealKey>

/** An Ed25519 signature. */
export const Signature = hex('Signature', 64)
export type Signature = v.InferOutput<typeof Signature>
