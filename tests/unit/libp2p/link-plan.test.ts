import { describe, expect, it } from 'vitest'
import { DEFAULT_LIMITS } from '#adapters/libp2p/limits.ts'
import { planLinks, type Candidate, type DirectLink } from '#adapters/libp2p/link-plan.ts'
import type { NodeId } from '#core/protocol/ids.ts'

const nodeId = (number: number) => number.toString(16).padStart(64, '0') as NodeId
const SELF = nodeId(0x50)
const NOW = 100_000

const candidate = (node: NodeId, change: Partial<Candidate> = {}): Candidate => ({
  node,
  announced: true,
  listening: true,
  links: 0,
  firstHeardMs: NOW,
  retryAtMs: 0,
  ...change,
})
const link = (number: number, change: Partial<DirectLink> = {}): DirectLink => ({
  node: nodeId(number),
  roundTripMs: 10,
  remoteLinks: 4,
  ...change,
})
const plan = (change: Partial<Parameters<typeof planLinks>[0]>) =>
  planLinks({
    self: SELF,
    nowMs: NOW,
    limits: DEFAULT_LIMITS,
    direct: [],
    dialing: new Map(),
    candidates: [],
    ...change,
  })

describe('planLinks', () => {
  it('lets the lower id dial at once and the higher one after the grace period', () => {
    const [higher, lower] = [nodeId(0x60), nodeId(0x40)]
    expect(plan({ candidates: [candidate(higher)] }).dial).toEqual([higher])
    const waiting = plan({ candidates: [candidate(lower)] })
    expect(waiting).toMatchObject({ dial: [], nextAtMs: NOW + DEFAULT_LIMITS.dialGraceMs })
    const later = NOW + DEFAULT_LIMITS.dialGraceMs
    expect(plan({ nowMs: later, candidates: [candidate(lower)] }).dial).toEqual([lower])
  })

  it('leaves dialling to the lower id for longer where it has a link already', () => {
    const direct = [link(0x60)]
    const candidates = [candidate(nodeId(0x40))]
    const waitMs = 4 * DEFAULT_LIMITS.dialGraceMs
    expect(plan({ direct, candidates })).toMatchObject({ dial: [], nextAtMs: NOW + waitMs })
    expect(plan({ direct, candidates, nowMs: NOW + waitMs }).dial).toEqual([nodeId(0x40)])
  })

  it('does not wait for a lower node that has all the links it wants', () => {
    const lower = nodeId(0x40)
    const direct = [link(0x4f), link(0x51)]
    const candidates = [candidate(lower, { links: DEFAULT_LIMITS.targetLinks })]
    expect(plan({ direct, candidates }).dial).toEqual([lower])
  })

  it('dials nobody who cannot be reached, is linked, is being dialled, or has just failed', () => {
    const retryAtMs = NOW + 700
    const result = plan({
      direct: [link(0x61)],
      dialing: new Map([[nodeId(0x62), NOW]]),
      candidates: [
        candidate(nodeId(0x61)),
        candidate(nodeId(0x62)),
        candidate(nodeId(0x63), { listening: false }),
        candidate(nodeId(0x64), { retryAtMs }),
      ],
    })
    expect(result).toEqual({ dial: [], close: [], nextAtMs: retryAtMs })
  })

  it('tries others when dials hang', () => {
    const started = [0x61, 0x62, 0x63].map((number) => [nodeId(number), NOW] as const)
    const candidates = [candidate(nodeId(0x64))]
    const waiting = plan({ dialing: new Map(started), candidates })
    expect(waiting).toMatchObject({ dial: [], nextAtMs: NOW + DEFAULT_LIMITS.slowDialMs })
    const later = plan({ nowMs: NOW + DEFAULT_LIMITS.slowDialMs, dialing: new Map(started), candidates })
    expect(later.dial).toEqual([nodeId(0x64)])
  })

  it('takes the nodes with the fewest links first, and only as many as it wants', () => {
    const crowd = Array.from({ length: 20 }, (_, index) => candidate(nodeId(0x60 + index), { links: 20 - index }))
    const ring = [link(0x4f), link(0x51)]
    const { dial } = plan({ direct: ring, candidates: crowd })
    expect(dial).toEqual([nodeId(0x73), nodeId(0x72)])
    expect(plan({ direct: ring.slice(0, 1), candidates: crowd }).dial).toHaveLength(DEFAULT_LIMITS.parallelDials)
    const linked = Array.from({ length: DEFAULT_LIMITS.targetLinks - 2 }, (_, index) => link(index))
    expect(plan({ direct: [...ring, ...linked], candidates: crowd })).toEqual({ dial: [], close: [], nextAtMs: null })
  })

  it('wants its neighbours in the ring of ids however many links it and they have', () => {
    const direct = Array.from({ length: DEFAULT_LIMITS.targetLinks }, (_, index) => link(0x10 + index))
    const full = { links: DEFAULT_LIMITS.targetLinks }
    const crowd = [0x60, 0x61, 0x62].map((number) => candidate(nodeId(number), full))
    expect(plan({ direct, candidates: crowd }).dial).toEqual([nodeId(0x60)])
    // Who has no one above goes round.
    expect(plan({ self: nodeId(0x12), direct: [link(0x11)], candidates: [candidate(nodeId(0x5))] }).dial).toEqual([])
    const highest = plan({ self: nodeId(0x99), direct: [link(0x98)], candidates: [candidate(nodeId(0x5), full)] })
    expect(highest).toMatchObject({ dial: [], nextAtMs: NOW + 4 * DEFAULT_LIMITS.dialGraceMs })
    const lowest = plan({ self: nodeId(0x1), direct: [link(0x5)], candidates: [candidate(nodeId(0x99), full)] })
    expect(lowest.dial).toEqual([nodeId(0x99)])
  })

  it('passes over a neighbour in the ring that does not answer or is only remembered', () => {
    const direct = Array.from({ length: DEFAULT_LIMITS.targetLinks }, (_, index) => link(0x10 + index))
    const candidates = [
      candidate(nodeId(0x60), { retryAtMs: NOW + 500 }),
      candidate(nodeId(0x61), { announced: false }),
      candidate(nodeId(0x62)),
    ]
    expect(plan({ direct, candidates }).dial).toEqual([nodeId(0x62)])
  })

  it('joins groups that came at different times and have all the links they want', () => {
    const ids = Array.from({ length: 64 }, (_, index) => nodeId(((index * 2654435761) % 2 ** 32) >>> 0))
    const links = new Map(ids.map((id) => [id, new Set<NodeId>()]))
    for (let from = 0; from < ids.length; from += 8) {
      const group = ids.slice(from, from + 8)
      for (const a of group) for (const b of group) if (a !== b) links.get(a)?.add(b)
    }
    const linksOf = (id: NodeId) => links.get(id) ?? new Set<NodeId>()
    for (const self of ids) {
      const others = ids.filter((id) => id !== self)
      const { dial } = plan({
        self,
        nowMs: NOW + 10 * DEFAULT_LIMITS.dialGraceMs,
        direct: [...linksOf(self)].map((node) => ({ node, roundTripMs: 1, remoteLinks: linksOf(node).size })),
        candidates: others.map((node) => candidate(node, { links: linksOf(node).size })),
      })
      for (const node of dial) {
        linksOf(self).add(node)
        linksOf(node).add(self)
      }
    }
    const reached = new Set(ids.slice(0, 1))
    for (const id of reached) for (const node of linksOf(id)) reached.add(node)
    expect(reached.size).toBe(ids.length)
    expect(Math.max(...ids.map((id) => linksOf(id).size))).toBeLessThanOrEqual(DEFAULT_LIMITS.maxLinks)
  })

  it('closes no link to a neighbour in the ring', () => {
    const direct = Array.from({ length: DEFAULT_LIMITS.maxLinks }, (_, index) => link(index, { remoteLinks: 3 }))
    const [before, after] = [link(0x4f, { remoteLinks: 12 }), link(0x51, { remoteLinks: 12 })]
    const { close } = plan({ direct: [before, ...direct, after] })
    expect(close).toHaveLength(2)
    expect(close).not.toContain(before.node)
    expect(close).not.toContain(after.node)
  })

  it('closes what is above the maximum, the links that the others need least first', () => {
    const links = Array.from({ length: DEFAULT_LIMITS.maxLinks }, (_, index) => link(index, { remoteLinks: 3 }))
    const lifeline = link(0x90, { remoteLinks: 1, roundTripMs: 900 })
    const slow = link(0x91, { remoteLinks: 9, roundTripMs: 80 })
    const slower = link(0x92, { remoteLinks: 9, roundTripMs: 90 })
    const { close, dial } = plan({ direct: [lifeline, slow, ...links, slower] })
    expect(close).toEqual([slower.node, slow.node, expect.any(String)])
    expect(close).not.toContain(lifeline.node)
    expect(dial).toEqual([])
  })
})
