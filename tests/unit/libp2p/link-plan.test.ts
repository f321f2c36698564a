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

  it('does not wait for a lower node that has all the links it wants', () => {
    const lower = nodeId(0x40)
    expect(plan({ candidates: [candidate(lower, { links: DEFAULT_LIMITS.targetLinks })] }).dial).toEqual([lower])
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
    const { dial } = plan({ candidates: crowd })
    expect(dial).toEqual([nodeId(0x73), nodeId(0x72), nodeId(0x71)])
    expect(dial).toHaveLength(DEFAULT_LIMITS.parallelDials)
    const linked = Array.from({ length: DEFAULT_LIMITS.targetLinks }, (_, index) => link(index))
    expect(plan({ direct: linked, candidates: crowd })).toEqual({ dial: [], close: [], nextAtMs: null })
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
