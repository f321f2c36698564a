/**
 * A cure for a race in @libp2p/webrtc (seen in 6.0.33).
 *
 * Its dialer creates a data channel named `init`, exchanges descriptions and candidates, and then waits for the
 * channel's `open` and, after closing it, for its `close` (`private-to-private/initiate-connection.ts`). The answering
 * side closes the same channel as soon as its muxer adopts it (`muxer.ts`, `onDataChannel`). Where that happens while
 * the dialer still reads candidates, the channel has opened and closed before anybody listens, neither event comes
 * again, and the dial hangs until it times out although the peers are connected.
 *
 * The cure: on a channel named `init`, a listener for `open` or `close` that comes too late is called all the same.
 */
export function cureInitChannel(PeerConnection: { readonly prototype: RTCPeerConnection } | undefined): void {
  if (!PeerConnection || cured.has(PeerConnection.prototype)) return
  cured.add(PeerConnection.prototype)
  const { createDataChannel } = PeerConnection.prototype
  PeerConnection.prototype.createDataChannel = function (this: RTCPeerConnection, label, options) {
    const channel = createDataChannel.call(this, label, options)
    if (label === 'init') replayMissedEvents(channel)
    return channel
  }
}

const cured = new WeakSet<object>()

/** Calls listeners for `open` and `close` also when they are added after the event. */
export function replayMissedEvents(channel: RTCDataChannel): void {
  const passed = { open: false, close: false }
  const { addEventListener } = channel
  addEventListener.call(channel, 'open', () => (passed.open = true))
  // A channel that closed will never open: whoever waits for that goes on, and finds it closed.
  addEventListener.call(channel, 'close', () => (passed.open = passed.close = true))

  channel.addEventListener = (
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ) => {
    if (!listener) return
    if (!((type === 'open' || type === 'close') && passed[type])) {
      addEventListener.call(channel, type, listener, options)
      return
    }
    const event = new Event(type)
    queueMicrotask(() => (typeof listener === 'function' ? listener.call(channel, event) : listener.handleEvent(event)))
  }
}
