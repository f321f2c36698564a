import { describe, expect, it } from 'vitest'
import { joinSends } from '#adapters/libp2p/joined-sends.ts'

/** A data channel class of its own, as joining changes the prototype. */
function openChannel() {
  const told: (string | number[])[] = []
  class Channel {
    readyState = 'open'
    send(data: Uint8Array) {
      told.push([...data])
    }
    close() {
      told.push('close')
      this.readyState = 'closing'
    }
  }
  joinSends(Channel as unknown as { prototype: RTCDataChannel })
  return { channel: new Channel(), told }
}

const bytes = (...values: number[]) => Uint8Array.from(values)
const oneTurn = () => Promise.resolve()

describe('joined sends', () => {
  it('lets what is sent within one turn leave as one message, in order', async () => {
    const { channel, told } = openChannel()
    channel.send(bytes(2))
    channel.send(bytes(7, 8))
    expect(told).toEqual([])
    await oneTurn()
    expect(told).toEqual([[2, 7, 8]])
    channel.send(bytes(9))
    await oneTurn()
    expect(told).toEqual([[2, 7, 8], [9]])
  })

  it('sends what waits before it closes', async () => {
    const { channel, told } = openChannel()
    channel.send(bytes(1))
    channel.close()
    await oneTurn()
    expect(told).toEqual([[1], 'close'])
  })

  it('keeps the order around a large message, and makes none larger than 16 KiB', async () => {
    const { channel, told } = openChannel()
    channel.send(bytes(1))
    channel.send(new Uint8Array(20_000))
    for (let index = 0; index < 3; index++) channel.send(new Uint8Array(8_000))
    await oneTurn()
    expect(told.map((each) => each.length)).toEqual([1, 20_000, 16_000, 8_000])
  })

  it('drops what waits where the channel closes by itself', async () => {
    const { channel, told } = openChannel()
    channel.send(bytes(1))
    channel.readyState = 'closed'
    await oneTurn()
    expect(told).toEqual([])
  })

  it('joins once, however often it is asked to', async () => {
    const { channel, told } = openChannel()
    joinSends({ prototype: Object.getPrototypeOf(channel) as RTCDataChannel })
    channel.send(bytes(3))
    await oneTurn()
    expect(told).toEqual([[3]])
  })
})
