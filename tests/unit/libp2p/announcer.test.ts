import { describe, expect, it } from 'vitest'
import { decodeAnnouncement, encodeAnnouncement } from '#adapters/libp2p/announcement.ts'
import { Announcer } from '#adapters/libp2p/announcer.ts'
import { Candidates } from '#adapters/libp2p/candidates.ts'
import type { GossipSub } from '#adapters/libp2p/gossip.ts'
import { DEFAULT_LIMITS } from '#adapters/libp2p/limits.ts'
import type { NodeId } from '#core/protocol/ids.ts'
import { createVirtualClock } from '#support/virtual-clock.ts'

const nodeId = (number: number) => number.toString(16).padStart(64, '0') as NodeId

function setUp() {
  const clock = createVirtualClock()
  const said: { atMs: number; asking: boolean | undefined }[] = []
  const publish = (_topic: string, frame: Uint8Array) => {
    said.push({ atMs: clock.now(), asking: decodeAnnouncement(frame)?.asking })
    return Promise.resolve()
  }
  const announcer = new Announcer({
    self: nodeId(1),
    gossip: { subscribe: () => undefined, publish } as unknown as GossipSub,
    topic: 'discovery',
    clock,
    candidates: new Candidates(DEFAULT_LIMITS, [], 0),
    describe: () => ({ listening: true, links: 0 }),
    onHeard: () => undefined,
  })
  announcer.start()
  const hear = (asking = false) =>
    announcer.hear(encodeAnnouncement({ node: nodeId(2), listening: true, asking, links: 4 }))
  return { clock, said, announcer, hear }
}

describe('a node that asks who is there', () => {
  it('asks again when nobody answers, after about 1, 2 and 4 s, and ever more seldom', async () => {
    const { clock, said, announcer } = setUp()
    announcer.ask()
    await clock.advanceTo(9_000)
    expect(said.every(({ asking }) => asking)).toBe(true)
    const waits = said.slice(1).map(({ atMs }, index) => atMs - (said[index]?.atMs ?? 0))
    expect(waits.length).toBeGreaterThanOrEqual(3)
    for (const [index, waitMs] of waits.entries()) {
      expect(waitMs).toBeGreaterThanOrEqual(0.75 * 1000 * 2 ** index)
      expect(waitMs).toBeLessThanOrEqual(1.25 * 1000 * 2 ** index)
    }
    const before = said.length
    await clock.advanceBy(10 * DEFAULT_LIMITS.announceMs)
    expect(said.length - before).toBeLessThanOrEqual(14)
  })

  it('asks no more once it has heard anybody', async () => {
    const { clock, said, announcer, hear } = setUp()
    announcer.ask()
    hear()
    await clock.advanceBy(60_000)
    expect(said.map(({ asking }) => asking).slice(1)).not.toContain(true)
    expect(said.length).toBeGreaterThan(2)
  })

  it('is answered by whoever hears it', async () => {
    const { clock, said, hear } = setUp()
    hear(true)
    await clock.advanceBy(100)
    expect(said).toEqual([{ atMs: expect.any(Number) as number, asking: false }])
  })
})
