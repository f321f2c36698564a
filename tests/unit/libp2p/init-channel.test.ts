import { describe, expect, it, vi } from 'vitest'
import { cureInitChannel, replayMissedEvents } from '#adapters/libp2p/init-channel.ts'

/** As much of a data channel as the dialer touches: it fires `open` and `close` when told to. */
class FakeChannel extends EventTarget {
  fire(...types: string[]): void {
    for (const type of types) this.dispatchEvent(new Event(type))
  }
}

const channelOf = (fake: FakeChannel) => fake as unknown as RTCDataChannel
const heard = (fake: FakeChannel, type: string) => {
  const listener = vi.fn()
  fake.addEventListener(type, listener, { once: true })
  return listener
}

describe('the init channel of @libp2p/webrtc', () => {
  it('hangs uncured: a dialer that listens after open and close hears neither', async () => {
    const fake = new FakeChannel()
    fake.fire('open', 'close')
    const [open, close] = [heard(fake, 'open'), heard(fake, 'close')]
    await Promise.resolve()
    expect(open).not.toHaveBeenCalled()
    expect(close).not.toHaveBeenCalled()
  })

  it('cured, tells a late listener what it missed, once', async () => {
    const fake = new FakeChannel()
    replayMissedEvents(channelOf(fake))
    fake.fire('open', 'close')
    const [open, close] = [heard(fake, 'open'), heard(fake, 'close')]
    expect(open).not.toHaveBeenCalled()
    await Promise.resolve()
    expect(open).toHaveBeenCalledTimes(1)
    expect(close).toHaveBeenCalledTimes(1)
    expect(close.mock.calls[0]?.[0]).toMatchObject({ type: 'close' })
  })

  it('cured, does not invent events', async () => {
    const fake = new FakeChannel()
    replayMissedEvents(channelOf(fake))
    const [open, close] = [heard(fake, 'open'), heard(fake, 'close')]
    await Promise.resolve()
    expect(open).not.toHaveBeenCalled()
    fake.fire('open')
    expect(open).toHaveBeenCalledTimes(1)
    expect(close).not.toHaveBeenCalled()
    fake.fire('close')
    expect(close).toHaveBeenCalledTimes(1)
  })

  it('leaves other events, and listener objects, as they are', async () => {
    const fake = new FakeChannel()
    replayMissedEvents(channelOf(fake))
    fake.fire('open', 'message')
    const message = heard(fake, 'message')
    const handler = { handleEvent: vi.fn() }
    fake.addEventListener('open', handler)
    await Promise.resolve()
    expect(message).not.toHaveBeenCalled()
    expect(handler.handleEvent).toHaveBeenCalledTimes(1)
  })

  it('cures the channels named init of every connection, and only those', async () => {
    class PeerConnection {
      createDataChannel(_label: string) {
        return new FakeChannel()
      }
    }
    const Cured = PeerConnection as unknown as typeof RTCPeerConnection
    cureInitChannel(Cured)
    cureInitChannel(Cured)
    const peer = new PeerConnection()
    const [init, stream] = [peer.createDataChannel('init'), peer.createDataChannel('')]
    init.fire('open')
    stream.fire('open')
    const [openInit, openStream] = [heard(init, 'open'), heard(stream, 'open')]
    await Promise.resolve()
    expect(openInit).toHaveBeenCalledTimes(1)
    expect(openStream).not.toHaveBeenCalled()
  })

  it('is nothing where there is no WebRTC', () => {
    expect(() => cureInitChannel(undefined)).not.toThrow()
  })
})
