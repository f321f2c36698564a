import type { Digest, NodeId, SessionId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES, MAX_SERVED, MAX_TRANSCRIPT_BYTES } from '#core/protocol/limits.ts'
import { decodeFetchRequest, encodeFetchRequest, type FetchRequest } from '#core/protocol/streams.ts'
import { FETCH_STREAM } from '#core/protocol/version.ts'
import type { FrameStream, Mesh } from '#ports/mesh.ts'

export interface FetchSource {
  presence(): readonly Uint8Array[]
  /** All that is known of a session, but what the asking node holds. */
  session(session: SessionId, held: readonly Digest[]): Promise<readonly Uint8Array[]>
}

/** Serves envelopes by name to whoever asks (SPEC FETCH-1). All that is served is signed, and its texts are sealed. */
export function serveFetches(mesh: Mesh, source: FetchSource): void {
  // A stream's bound holds both ways, and answers are larger than requests.
  mesh.handle(FETCH_STREAM, MAX_FRAME_BYTES, async (stream) => {
    for await (const frame of stream.frames) {
      const request = decodeFetchRequest(frame)
      if (!request) throw new Error('not a request')
      const frames =
        request.type === 'presence' ? source.presence() : await source.session(request.session, request.held)
      for (const answer of frames.slice(0, MAX_SERVED)) await stream.send(answer)
      break
    }
    await stream.close()
  })
}

/** Asks a node who is there. Throws what `Mesh.open` and its streams throw, and the signal's reason whenever that comes. */
export function fetchPresence(mesh: Mesh, from: NodeId, signal: AbortSignal): Promise<Uint8Array[]> {
  return fetchFrames(mesh, from, { type: 'presence' }, signal)
}

/** Asks a node for the envelopes of a session but those held here. Throws what `Mesh.open` throws. */
export function fetchSession(
  mesh: Mesh,
  from: NodeId,
  { session, held }: { readonly session: SessionId; readonly held: readonly Digest[] },
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  return fetchFrames(mesh, from, { type: 'session', session, held: held.slice(0, MAX_SERVED) }, signal)
}

async function fetchFrames(
  mesh: Mesh,
  from: NodeId,
  request: FetchRequest,
  signal: AbortSignal,
): Promise<Uint8Array[]> {
  const stream = await mesh.open(from, FETCH_STREAM, MAX_FRAME_BYTES, signal)
  // A peer that never ends its answer is left as soon as nobody wants it any more.
  const leave = () => stream.abort(signal.reason as Error)
  signal.addEventListener('abort', leave, { once: true })
  try {
    signal.throwIfAborted()
    await stream.send(encodeFetchRequest(request))
    // The answer may be here before the remote has acknowledged that there is nothing more to come.
    stream.close().catch(() => undefined)
    return await takeAnswer(stream)
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener('abort', leave)
  }
}

/** What came within the bounds, which only a broken or hostile peer exceeds: the rest is not waited for. */
async function takeAnswer(stream: FrameStream): Promise<Uint8Array[]> {
  const frames: Uint8Array[] = []
  let sizeBytes = 0
  for await (const frame of stream.frames) {
    sizeBytes += frame.byteLength
    if (frames.length >= MAX_SERVED || sizeBytes > MAX_TRANSCRIPT_BYTES) {
      stream.abort(new Error('an answer beyond all bounds'))
      break
    }
    frames.push(frame)
  }
  return frames
}
