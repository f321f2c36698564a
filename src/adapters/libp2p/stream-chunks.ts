import type { Stream, StreamMessageEvent } from '@libp2p/interface'

/**
 * What a stream brings, to its end, however late one begins to read.
 *
 * libp2p's own iterator (seen in @libp2p/utils 7, `abstract-message-stream.ts`) hears of the end only by events, and only
 * of those that come after its first step. A stream whose remote answered and closed before that never ends for it:
 * a request whose answer comes with the acknowledgement of its end is such a stream.
 */
export async function* chunksOf(stream: Stream): AsyncGenerator<Uint8Array, void, void> {
  const chunks: Uint8Array[] = []
  let wake: () => void = () => undefined
  const onEvent = () => wake()
  const onMessage = ({ data }: StreamMessageEvent) => {
    chunks.push(data.subarray())
    wake()
  }
  // What has been waiting in the stream is handed over from the microtask queue.
  stream.addEventListener('message', onMessage)
  for (const type of END_EVENTS) stream.addEventListener(type, onEvent)
  try {
    for (;;) {
      const chunk = chunks.shift()
      if (chunk) yield chunk
      else if (hasEnded(stream)) return
      else await new Promise<void>((resolve) => (wake = resolve))
    }
  } finally {
    stream.removeEventListener('message', onMessage)
    for (const type of END_EVENTS) stream.removeEventListener(type, onEvent)
  }
}

const END_EVENTS = ['remoteCloseWrite', 'end', 'close'] as const

function hasEnded({ readStatus, remoteWriteStatus, readBufferLength, status }: Stream): boolean {
  if (readStatus === 'closed') return true
  return readBufferLength === 0 && (remoteWriteStatus === 'closed' || status === 'aborted' || status === 'reset')
}
