import type { Digest, NodeId, SessionId } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES, MAX_SERVED } from '#core/protocol/limits.ts'
import { decodeFetchRequest, encodeFetchRequest, type FetchRequest } from '#core/protocol/streams.ts'
import { FETCH_STREAM } from '#core/protocol/version.ts'
import type { Mesh } from '#ports/mesh.ts'

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

/** Asks a node who is there. Throws what `Mesh.open` and its stream throw, also when the signal ends it halfway. */
export function fetchPresence(mesh: Mesh, from: NodeId, signal: AbortSignal): Promise<Uint8Array[]> {
  return fetchFrames(mesh, from, { type: 'presence' }, signal)
}

/** Asks a node for the envelopes of a session but those held here. Throws like `fetchPresence`. */
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
  const giveUp = () => stream.abort(signal.reason as Error)
  signal.addEventListener('abort', giveUp, { once: true })
  try {
    await stream.send(encodeFetchRequest(request))
    // The answer may be here before the remote has acknowledged that there is nothing more to come.
    void stream.close()
    const frames: Uint8Array[] = []
    for await (const frame of stream.frames) {
      frames.push(frame)
      if (frames.length >= MAX_SERVED) break
    }
    return frames
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}
