/**
 * Fewer, fuller data channel messages.
 *
 * @libp2p/webrtc (seen in 6.0.33) sends a stream's every write as two messages, a length of one or two bytes and what
 * it measures (`stream.ts`, `_sendMessage`), and gossip writes many small frames to a peer at a time. Each message
 * costs a system call, an SCTP chunk, an acknowledgement and a task on the receiving page. The receiver reads a channel
 * as one stream of bytes, so where messages begin does not matter to it.
 *
 * What is sent on a channel within one microtask leaves as one message. Invariants: 1. bytes keep their order, also
 * against `close`; 2. no message is larger than `MAX_JOINED_BYTES` unless it was sent so.
 */
export function joinSends(DataChannel: { readonly prototype: RTCDataChannel } | undefined): void {
  if (!DataChannel || joined.has(DataChannel.prototype)) return
  const { prototype } = DataChannel
  joined.add(prototype)
  const { send, close } = prototype
  const waiting = new WeakMap<RTCDataChannel, Waiting>()

  const flush = (channel: RTCDataChannel) => {
    const held = waiting.get(channel)
    if (!held) return
    waiting.delete(channel)
    // A channel that closed meanwhile has told so by its event; what was on the way to it is lost either way.
    if (channel.readyState === 'open') send.call(channel, concat(held))
  }

  prototype.send = function (this: RTCDataChannel, data: string | Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>) {
    if (!ArrayBuffer.isView(data) || data.byteLength >= MAX_JOINED_BYTES || this.readyState !== 'open') {
      flush(this)
      send.call(this, data as ArrayBufferView<ArrayBuffer>)
      return
    }
    let held = waiting.get(this)
    if (held && held.sizeBytes + data.byteLength > MAX_JOINED_BYTES) {
      flush(this)
      held = undefined
    }
    if (!held) {
      held = { pieces: [], sizeBytes: 0 }
      waiting.set(this, held)
      queueMicrotask(() => flush(this))
    }
    held.pieces.push(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    held.sizeBytes += data.byteLength
  }

  prototype.close = function (this: RTCDataChannel) {
    flush(this)
    close.call(this)
  }
}

/** What every implementation takes as one message (RFC 8831, 6.6). */
const MAX_JOINED_BYTES = 16 * 1024

interface Waiting {
  readonly pieces: Uint8Array<ArrayBuffer>[]
  sizeBytes: number
}

const joined = new WeakSet<object>()

function concat({ pieces, sizeBytes }: Waiting): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(sizeBytes)
  let offset = 0
  for (const piece of pieces) {
    whole.set(piece, offset)
    offset += piece.byteLength
  }
  return whole
}
