import * as cbor from '@ipld/dag-cbor'
import * as v from 'valibot'
import { bytesToHex, equalBytes, hexToBytes } from '../bytes.ts'
import { domainBytes, domainHash } from './domains.ts'
import type { Digest, NodeId, Signature } from './ids.ts'
import { MAX_ANSWER_BYTES, MAX_FRAME_BYTES, MAX_INVITED, MAX_TASK_BYTES } from './limits.ts'
import { Message, type SealedText } from './messages.ts'
import { fromWire, isKnownType, toWire, type OpenText, type SealText } from './wire.ts'
import { ENVELOPE_VERSION } from './version.ts'

/**
 * The form of everything that is published (SPEC ENV-1): `[v, from, payload, sig]` in DAG-CBOR, where `payload` is
 * itself DAG-CBOR of `[seq, grants, message]`. The signature covers the payload's bytes as received, behind a domain
 * prefix and the network's name; nothing is re-encoded before it is checked.
 */

const bytesOf = (length: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length === length),
  )

/** Version, sender, payload, signature. */
const Frame = v.strictTuple([v.literal(ENVELOPE_VERSION), bytesOf(32), v.instance(Uint8Array), bytesOf(64)])

/** A session key for one participant: 32 bytes and a 16-byte tag. */
export const GRANT_BYTES = 48

/**
 * Sequence number; grants, which are wrapped session keys, one a participant in the order of the message, and none on
 * most messages; the message.
 */
const Payload = v.strictTuple([
  v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  v.pipe(v.array(bytesOf(GRANT_BYTES)), v.maxLength(MAX_INVITED)),
  v.unknown(),
])

/** Decoded and well-formed; the signature is not checked yet, texts are closed. */
export interface Envelope {
  readonly digest: Digest
  readonly from: NodeId
  readonly sequence: number
  readonly grants: readonly Uint8Array[]
  readonly message: Message
  /** The message's text as it travelled, where it carries one. */
  readonly sealed: Uint8Array | null
  /** What the signature must cover. */
  readonly signedBytes: Uint8Array
  readonly signature: Signature
  /** As it travelled: what transcripts keep. */
  readonly frame: Uint8Array
}

/** Why a frame was dropped before its signature was looked at. */
export type Malformation = 'oversized' | 'undecodable' | 'not-canonical' | 'unknown-type' | 'schema'

export type Decoded = { ok: true; envelope: Envelope } | { ok: false; reason: Malformation }

const refused = (reason: Malformation): Decoded => ({ ok: false, reason })

/** Cap, decode, schema: the first steps for every byte that a peer sends (SPEC ENV-2). Never throws. */
export function decodeEnvelope(frame: Uint8Array, network: string, open: OpenText | null = null): Decoded {
  if (frame.length > MAX_FRAME_BYTES) return refused('oversized')
  const outer = decodeCanonical(frame)
  if (!outer.ok) return outer
  const parsed = v.safeParse(Frame, outer.value)
  if (!parsed.success) return refused('schema')
  const [, sender, payloadBytes, sig] = parsed.output
  const inner = decodeCanonical(payloadBytes)
  if (!inner.ok) return inner
  const payload = v.safeParse(Payload, inner.value)
  if (!payload.success) return refused('schema')
  const [sequence, grants, wireMessage] = payload.output
  let sealed: Uint8Array | null = null
  const keepSealed: OpenText = (digest, bytes, maxBytes) => {
    sealed = bytes
    return open?.(digest, bytes, maxBytes) ?? null
  }
  const message = v.safeParse(Message, fromWire(Message, wireMessage, keepSealed))
  if (!message.success) return refused(isKnownType(Message, wireMessage) ? 'schema' : 'unknown-type')
  const signedBytes = signedBytesOf(network, payloadBytes)
  return {
    ok: true,
    envelope: {
      digest: envelopeDigest(sender, signedBytes),
      from: bytesToHex(sender) as NodeId,
      sequence,
      grants,
      message: message.output,
      sealed,
      signedBytes,
      signature: bytesToHex(sig) as Signature,
      frame,
    },
  }
}

/** The message with its text read, where it carries one that `open` can read; what `decodeEnvelope` gives with `open`. */
export function openMessage({ message, sealed }: Envelope, open: OpenText): Message {
  if (message.type === 'roles-assigned') return { ...message, task: read(message.task, sealed, open, MAX_TASK_BYTES) }
  if (message.type === 'result-revealed')
    return { ...message, answer: read(message.answer, sealed, open, MAX_ANSWER_BYTES) }
  return message
}

function read(text: SealedText, sealed: Uint8Array | null, open: OpenText, maxBytes: number): SealedText {
  return { digest: text.digest, ...((sealed && open(text.digest, sealed, maxBytes)) ?? { salt: null, text: null }) }
}

export interface Draft {
  readonly message: Message
  readonly sequence: number
  readonly grants: readonly Uint8Array[]
}

/** The bytes to sign, and how to complete them with the signature. */
export function encodeEnvelope(
  draft: Draft,
  from: NodeId,
  network: string,
  seal: SealText,
): { signedBytes: Uint8Array; complete(signature: Signature): Uint8Array } {
  const message = toWire(Message, v.parse(Message, draft.message), seal)
  const payload = cbor.encode([draft.sequence, draft.grants, message])
  return {
    signedBytes: signedBytesOf(network, payload),
    complete: (signature) => cbor.encode([ENVELOPE_VERSION, hexToBytes(from), payload, hexToBytes(signature)]),
  }
}

function signedBytesOf(network: string, payload: Uint8Array): Uint8Array {
  return domainBytes('envelope', [network, payload])
}

/** Names a statement by who said what, not by one of its possible signatures. */
function envelopeDigest(from: Uint8Array, signedBytes: Uint8Array): Digest {
  return domainHash('statement', [from, signedBytes])
}

/** DAG-CBOR's decoder accepts more than its encoder writes, such as unsorted keys, so the bytes are compared with their re-encoding. */
function decodeCanonical(bytes: Uint8Array): { ok: true; value: unknown } | (Decoded & { ok: false }) {
  try {
    const value: unknown = cbor.decode(bytes)
    if (!equalBytes(cbor.encode(value), bytes)) return { ok: false, reason: 'not-canonical' }
    return { ok: true, value }
  } catch {
    return { ok: false, reason: 'undecodable' }
  }
}
