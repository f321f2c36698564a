import { describe, expect, it } from 'vitest'
import { decodeAnnouncement, encodeAnnouncement } from '#adapters/libp2p/announcement.ts'
import { Candidates } from '#adapters/libp2p/candidates.ts'
import { DEFAULT_LIMITS, MAX_CANDIDATES } from '#adapters/libp2p/limits.ts'
import { peerIdOf, nodeIdOf } from '#adapters/libp2p/peer-identity.ts'
import type { NodeId } from '#core/protocol/ids.ts'

const nodeId = (number: number) => number.toString(16).padStart(64, '0') as NodeId
const said = (node: NodeId, listening = true) => ({ node, listening, asking: false, links: 1 })

describe('announcements', () => {
  const announcement = { node: nodeId(77), listening: true, asking: false, links: 3 }

  it('arrive as they were sent, and never twice as the same bytes', () => {
    const bytes = encodeAnnouncement(announcement)
    expect(decodeAnnouncement(bytes)).toEqual(announcement)
    expect(encodeAnnouncement(announcement)).not.toEqual(bytes)
  })

  it('of another version or length are none', () => {
    const bytes = encodeAnnouncement(announcement)
    expect(decodeAnnouncement(bytes.with(0, 2))).toBeNull()
    expect(decodeAnnouncement(bytes.with(1, 4))).toBeNull()
    expect(decodeAnnouncement(bytes.subarray(1))).toBeNull()
    expect(decodeAnnouncement(new Uint8Array())).toBeNull()
  })
})

describe('node ids and peer ids', () => {
  it('name the same key', () => {
    const node = '8a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c' as NodeId
    expect(nodeIdOf(peerIdOf(node))).toBe(node)
    expect(peerIdOf(node).toString()).toMatch(/^12D3KooW/)
  })
})

describe('Candidates', () => {
  it('remember known nodes as worth a try, and as not announced', () => {
    const candidates = new Candidates(DEFAULT_LIMITS, [nodeId(1)], 0)
    expect(candidates.get(nodeId(1))).toMatchObject({ announced: false, listening: true, retryAtMs: 0 })
    candidates.hear(said(nodeId(1)), 10)
    expect(candidates.get(nodeId(1))).toMatchObject({ announced: true })
  })

  it('wait longer after each failure, and not at all once the node says that it listens now', () => {
    const candidates = new Candidates(DEFAULT_LIMITS, [], 0)
    candidates.hear(said(nodeId(1), false), 0)
    const waits = [1, 2, 3].map(() => {
      candidates.dialFailed(nodeId(1), 0)
      return candidates.get(nodeId(1))?.retryAtMs ?? 0
    })
    expect(waits[0]).toBeGreaterThanOrEqual(DEFAULT_LIMITS.backoffMs / 2)
    expect(waits[2]).toBeGreaterThanOrEqual(DEFAULT_LIMITS.backoffMs * 2)
    expect(waits[2]).toBeLessThanOrEqual(DEFAULT_LIMITS.backoffMs * 4)
    candidates.hear(said(nodeId(1), true), 0)
    expect(candidates.get(nodeId(1))?.retryAtMs).toBe(0)
  })

  it('are forgotten when silent, unless they are linked', () => {
    const candidates = new Candidates(DEFAULT_LIMITS, [], 0)
    candidates.hear(said(nodeId(1)), 0)
    candidates.hear(said(nodeId(2)), 0)
    candidates.expire(3 * DEFAULT_LIMITS.announceMs + 1, (node) => node === nodeId(2))
    expect([...candidates].map(({ node }) => node)).toEqual([nodeId(2)])
  })

  it('never grow beyond their maximum: who was heard longest ago goes', () => {
    const candidates = new Candidates(DEFAULT_LIMITS, [], 0)
    for (let index = 0; index <= MAX_CANDIDATES; index++) candidates.hear(said(nodeId(index)), index)
    expect(candidates.size).toBe(MAX_CANDIDATES)
    expect(candidates.get(nodeId(0))).toBeUndefined()
  })

  it('announce less often the more they are', () => {
    const candidates = new Candidates(DEFAULT_LIMITS, [], 0)
    expect(candidates.announceMs).toBe(DEFAULT_LIMITS.announceMs)
    for (let index = 0; index < 100; index++) candidates.hear(said(nodeId(index)), index)
    expect(candidates.announceMs).toBe(100_000)
  })
})
