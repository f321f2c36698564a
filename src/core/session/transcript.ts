import * as cbor from '@ipld/dag-cbor'
import * as v from 'valibot'
import { concatBytes, equalBytes, hexToBytes } from '../bytes.ts'
import { domainHash } from '../protocol/domains.ts'
import {
  MAX_FRAME_BYTES,
  MAX_NAME_CHARS,
  MAX_TRANSCRIPT_BYTES,
  MAX_TRANSCRIPT_FRAMES,
  SESSION_KEY_BYTES,
} from '../protocol/limits.ts'
import { TRANSCRIPT_VERSION } from '../protocol/version.ts'

/**
 * A session as a file (SPEC TR-1): DAG-CBOR of the map below, then SHA-256 over it under the domain `transcript`. The
 * digest finds damage at once; it proves nothing, since whoever changes the file can make a new one. What proves is
 * the replay of the frames (replay.ts).
 */
export interface Transcript {
  readonly network: string
  /** Envelope frames of every statement that was taken up, in the order in which it was. */
  readonly frames: readonly Uint8Array[]
  /** Opens the texts. Only the asker's own export holds it. */
  readonly sessionKey: Uint8Array | null
}

/** Why bytes are no transcript. */
export type TranscriptProblem = 'oversized' | 'damaged' | 'undecodable' | 'not-canonical' | 'unknown-version' | 'schema'

export type DecodedTranscript = { ok: true; transcript: Transcript } | { ok: false; problem: TranscriptProblem }

const FORMAT = 'tabswarm-transcript'
const DIGEST_BYTES = 32

const bytesWithin = (min: number, max: number) =>
  v.pipe(
    v.instance(Uint8Array),
    v.check((bytes) => bytes.length >= min && bytes.length <= max),
  )

const Body = v.strictObject({
  format: v.literal(FORMAT),
  version: v.literal(TRANSCRIPT_VERSION),
  network: v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_CHARS)),
  frames: v.pipe(v.array(bytesWithin(1, MAX_FRAME_BYTES)), v.minLength(1), v.maxLength(MAX_TRANSCRIPT_FRAMES)),
  sessionKey: v.nullable(bytesWithin(SESSION_KEY_BYTES, SESSION_KEY_BYTES)),
})

export function encodeTranscript({ network, frames, sessionKey }: Transcript): Uint8Array {
  const body = cbor.encode({ format: FORMAT, version: TRANSCRIPT_VERSION, network, frames, sessionKey })
  return concatBytes(body, digestOf(body))
}

/** Cap, digest, canonical form, schema. The frames themselves are not looked into. Never throws. */
export function decodeTranscript(file: Uint8Array): DecodedTranscript {
  if (file.length > MAX_TRANSCRIPT_BYTES) return refused('oversized')
  const body = file.subarray(0, Math.max(0, file.length - DIGEST_BYTES))
  if (!equalBytes(digestOf(body), file.subarray(body.length))) return refused('damaged')
  let value: unknown
  try {
    value = cbor.decode(body)
    if (!equalBytes(cbor.encode(value), body)) return refused('not-canonical')
  } catch {
    return refused('undecodable')
  }
  const parsed = v.safeParse(Body, value)
  if (parsed.success) {
    const { network, frames, sessionKey } = parsed.output
    return { ok: true, transcript: { network, frames, sessionKey } }
  }
  const { format, version } = (value ?? {}) as { format?: unknown; version?: unknown }
  return refused(format === FORMAT && version !== TRANSCRIPT_VERSION ? 'unknown-version' : 'schema')
}

function digestOf(body: Uint8Array): Uint8Array {
  return hexToBytes(domainHash('transcript', [body]))
}

function refused(problem: TranscriptProblem): DecodedTranscript {
  return { ok: false, problem }
}
