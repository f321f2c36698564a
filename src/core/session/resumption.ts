import * as cbor from '@ipld/dag-cbor'
import type { NodeId } from '../protocol/ids.ts'
import type { Question, Snapshot } from './state.ts'

/** What a reloaded asker needs to go on with its session. */
export interface Resumption extends Pick<Snapshot, 'seed' | 'own'> {
  readonly self: NodeId
  readonly question: Question
  /** From which the session's X25519 key pair is made again. */
  readonly sealSeed: Uint8Array
}

export function encodeResumption(resumption: Resumption): Uint8Array {
  return cbor.encode(resumption)
}

/** Null for bytes that an older or newer version wrote. Only ever read from this browser's own storage. */
export function decodeResumption(bytes: Uint8Array): Resumption | null {
  try {
    const value = cbor.decode<Partial<Resumption>>(bytes)
    const answer = value.own?.answer
    const complete =
      value.self && value.question?.aloneMs && value.seed && value.sealSeed && value.own && (!answer || answer.by)
    return complete ? (value as Resumption) : null
  } catch {
    return null
  }
}
