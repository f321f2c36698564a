import * as cbor from '@ipld/dag-cbor'
import * as v from 'valibot'
import { Digest, SessionId } from './ids.ts'
import { MAX_ANSWER_BYTES, MAX_SERVED } from './limits.ts'
import { fromWire, toWire } from './wire.ts'

/** What travels on direct streams (SPEC FETCH-1, DRAFT-1), as DAG-CBOR. */

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

export const encodeDraftPiece = (piece: DraftPiece): Uint8Array => encode(DraftPiece, piece)
export const encodeFetchRequest = (request: FetchRequest): Uint8Array => encode(FetchRequest, request)

/** Null for bytes that are no such piece. */
export const decodeDraftPiece = (frame: Uint8Array): DraftPiece | null => decode(DraftPiece, frame)
/** Null for bytes that are no such request. */
export const decodeFetchRequest = (frame: Uint8Array): FetchRequest | null => decode(FetchRequest, frame)

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
