import * as cbor from '@ipld/dag-cbor'
import * as v from 'valibot'
import { Digest, SessionId } from './ids.ts'
import { MAX_ANSWER_BYTES, MAX_SERVED } from './limits.ts'
import { fromWire, toWire } from './wire.ts'

/** What travels on direct streams (SPEC FETCH-1, DRAFT-1, ALIVE-3), as DAG-CBOR. */

const DraftPiece = v.strictObject({
  session: SessionId,
  /** What was written since the last piece. */
  text: v.pipe(v.string(), v.maxBytes(MAX_ANSWER_BYTES)),
})
export type DraftPiece = v.InferOutput<typeof DraftPiece>

/** Room for a whole text, its session and their keys. */
export const MAX_DRAFT_FRAME_BYTES = MAX_ANSWER_BYTES + 128

const FetchRequest = v.variant('type', [
  v.strictObject({ type: v.literal('presence') }),
  /** What the asking node holds already need not come again. */
  v.strictObject({
    type: v.literal('session'),
    session: SessionId,
    held: v.pipe(v.array(Digest), v.maxLength(MAX_SERVED)),
  }),
])
export type FetchRequest = v.InferOutput<typeof FetchRequest>

const Beat = v.variant('type', [
  /** Asks whether the other takes part in a session, as the sender does. */
  v.strictObject({ type: v.literal('beat'), session: SessionId }),
  v.strictObject({ type: v.literal('here'), session: SessionId }),
  /** Up, but without that session: reloaded, or done with it. */
  v.strictObject({ type: v.literal('absent'), session: SessionId }),
])
export type Beat = v.InferOutput<typeof Beat>

/** A type and a session, with room. */
export const MAX_BEAT_FRAME_BYTES = 64

export const encodeDraftPiece = (piece: DraftPiece): Uint8Array => encode(DraftPiece, piece)
export const encodeFetchRequest = (request: FetchRequest): Uint8Array => encode(FetchRequest, request)

export const encodeBeat = (beat: Beat): Uint8Array => encode(Beat, beat)

/** Null for bytes that are no such piece. */
export const decodeDraftPiece = (frame: Uint8Array): DraftPiece | null => decode(DraftPiece, frame)
/** Null for bytes that are no such request. */
export const decodeFetchRequest = (frame: Uint8Array): FetchRequest | null => decode(FetchRequest, frame)
/** Null for bytes that are no beat and no answer to one. */
export const decodeBeat = (frame: Uint8Array): Beat | null => decode(Beat, frame)

function encode(schema: v.GenericSchema, value: unknown): Uint8Array {
  return cbor.encode(
    toWire(schema, value, () => {
      throw new TypeError('nothing on a stream is sealed')
    }),
  )
}

function decode<T>(schema: v.GenericSchema<unknown, T>, frame: Uint8Array): T | null {
  try {
    const parsed = v.safeParse(schema, fromWire(schema, cbor.decode(frame), null))
    return parsed.success ? parsed.output : null
  } catch {
    return null
  }
}
