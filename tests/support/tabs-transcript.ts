import { createCrypto } from '#adapters/crypto/create-crypto.ts'
import { replayTranscript, type ReplayReport } from '#core/session/replay.ts'
import { decodeTranscript, encodeTranscript, type Transcript } from '#core/session/transcript.ts'
import { openTextWith } from '#shell/sealing.ts'

const crypto = createCrypto()

/** Replays a transcript file from nothing but its bytes. Throws what is wrong with the file itself. */
export async function replayFile(file: Uint8Array): Promise<ReplayReport> {
  const decoded = decodeTranscript(file)
  if (!decoded.ok) throw new Error(`no transcript: ${decoded.problem}`)
  return replay(decoded.transcript)
}

function replay(transcript: Transcript): Promise<ReplayReport> {
  return replayTranscript(transcript, {
    verify: (signer, bytes, signature) => crypto.verify(signer, bytes, signature),
    opener: (sessionKey, session, from) => openTextWith(crypto, sessionKey, session, from),
  })
}

/** Positions at which a changed byte went unnoticed, out of `samples` spread evenly over the file. */
export async function unnoticedFlips(file: Uint8Array, samples: number): Promise<string[]> {
  const unnoticed: string[] = []
  for (const position of spread(file.length, samples)) {
    if (decodeTranscript(flipped(file, position)).ok) unnoticed.push(`byte ${position} of the file`)
  }
  const decoded = decodeTranscript(file)
  if (!decoded.ok) throw new Error(`no transcript: ${decoded.problem}`)
  const { transcript } = decoded
  const sizeBytes = transcript.frames.reduce((sum, frame) => sum + frame.length, 0)
  for (const position of spread(sizeBytes, samples)) {
    // Behind a digest made anew, as whoever forges a file would make it: only the replay can tell.
    const forged = encodeTranscript({ ...transcript, frames: withFlip(transcript.frames, position) })
    if ((await replayFile(forged)).ok) unnoticed.push(`byte ${position} of the frames`)
  }
  const { sessionKey } = transcript
  if (sessionKey && (await replay({ ...transcript, sessionKey: flipped(sessionKey, 7) })).ok) unnoticed.push('the key')
  return unnoticed
}

function* spread(length: number, samples: number): Generator<number> {
  const step = Math.max(1, length / samples)
  for (let position = 0; position < length; position += step) yield Math.floor(position)
}

function withFlip(frames: readonly Uint8Array[], position: number): Uint8Array[] {
  let start = 0
  return frames.map((frame) => {
    const within = position - start
    start += frame.length
    return within >= 0 && within < frame.length ? flipped(frame, within) : frame
  })
}

function flipped(bytes: Uint8Array, position: number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  copy[position] = (copy[position] ?? 0) ^ 0x01
  return copy
}
