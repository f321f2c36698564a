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
  const news: boolean[] = []
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
    onHeard: (isNews) => news.push(isNews),
  })
  announcer.start()
  const hear = (asking = false, node = nodeId(2), links = 4) =>
    announcer.hear(encodeAnnouncement({ node, listening: true, asking, links }))
  return { clock, said, news, announcer, hear }
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

  it('is answered by few of many, and always by its neighbours in the ring of ids', async () => {
    const { clock, said, hear } = setUp()
    for (let number = 0x100; number < 0x200; number++) hear(false, nodeId(number))
    const answersTo = async (node: NodeId) => {
      const before = said.length
      hear(true, node)
      await clock.advanceBy(100)
      return said.length - before
    }
    // This node has the id 1.
    for (let number = 0x80; number > 0x70; number--) expect(await answersTo(nodeId(number))).toBe(1)
    let answers = 0
    for (let turn = 0; turn < 128; turn++) answers += await answersTo(nodeId(0x150))
    expect(answers).toBeLessThan(30)
  })
})

describe('what is heard', () => {
  it('is news where a node is new or says something new of itself', () => {
    const { news, hear } = setUp()
    hear()
    hear()
    hear(false, nodeId(2), 5)
    hear(false, nodeId(3))
    expect(news).toEqual([true, false, true, true])
  })
})
