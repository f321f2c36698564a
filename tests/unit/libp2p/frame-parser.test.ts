import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encodeLength, FrameParser } from '#adapters/libp2p/frame-parser.ts'
import { FrameTooLargeError } from '#ports/mesh.ts'

const encode = (frames: readonly Uint8Array[]) =>
  Uint8Array.from(frames.flatMap((frame) => [...encodeLength(frame.byteLength), ...frame]))

describe('frames on a stream', () => {
  it('come out as they went in, wherever the bytes are cut', () => {
    const frames = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 })
    fc.assert(
      fc.property(frames, fc.array(fc.nat(400), { maxLength: 20 }), (sent, cuts) => {
        const bytes = encode(sent)
        const parser = new FrameParser(300)
        const received: Uint8Array[] = []
        let from = 0
        for (const cut of [...cuts.map((length) => from + length), bytes.byteLength]) {
          received.push(...parser.push(bytes.subarray(from, Math.max(from, cut))))
          from = Math.max(from, Math.min(cut, bytes.byteLength))
        }
        expect(received).toEqual(sent)
        expect(parser.isInsideFrame).toBe(false)
      }),
    )
  })

  it('are refused by their announced length, before a byte of them came', () => {
    const parser = new FrameParser(1000)
    expect(() => [...parser.push(encodeLength(1001))]).toThrow(FrameTooLargeError)
  })

  it('are refused when their length does not end', () => {
    const parser = new FrameParser(1 << 28)
    expect(() => [...parser.push(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x00))]).toThrow(FrameTooLargeError)
  })

  it('are known to be incomplete when the stream ends within one', () => {
    const parser = new FrameParser(1000)
    expect([...parser.push(Uint8Array.of(5, 1, 2))]).toEqual([])
    expect(parser.isInsideFrame).toBe(true)
  })
})
