import { describe, expect, test } from 'vitest'
import { chooseCandidates, deadlinesFor, type AskerView } from '#core/swarm/candidates.ts'
import type { Presence } from '#core/swarm/presence.ts'
import { certificateOf, engineOffer, nodeId, operatorId } from '#support/session-pair.ts'

interface Traits {
  readonly operator?: string
  readonly model?: string
  readonly free?: number
  readonly hidden?: boolean
  readonly willing?: boolean
  readonly tokensPerSecond?: number
}

function presenceOf(name: string, traits: Traits = {}): Presence {
  const { model = name, willing = true } = traits
  const engine = { ...engineOffer(model), decodeTokensPerSecond: traits.tokensPerSecond ?? 50 }
  return {
    node: nodeId(name),
    said: {
      type: 'node-advertised',
      certificate: certificateOf(traits.operator ?? name),
      engines: [engine],
      visibility: traits.hidden ? 'hidden' : 'visible',
      executes: willing,
      verifies: willing,
      freeSlots: traits.free ?? 1,
      expiresInMs: 60_000,
    },
    sequence: 1,
    heardAt: 0,
    expiresAt: 60_000,
  }
}

function viewOf(others: Readonly<Record<string, Traits>>, more: Partial<AskerView> = {}): AskerView {
  return {
    self: nodeId('me'),
    operator: operatorId('me'),
    ownEngine: engineOffer('mine'),
    present: Object.entries(others).map(([name, traits]) => presenceOf(name, traits)),
    linked: new Set(),
    roundTripMs: {},
    ...more,
  }
}

const crowd = (size: number) => Object.fromEntries(Array.from({ length: size }, (_, i) => [`n${i}`, {}]))
const firstOf = (view: AskerView) => chooseCandidates(view, { executors: 1, verifiers: 1 })?.invited[1]

describe('whom to invite', () => {
  test('LEAD-1: with nobody who could take part there is no invitation', () => {
    expect(chooseCandidates(viewOf({}), {})).toBeNull()
    expect(chooseCandidates(viewOf({ ann: { willing: false } }), {})).toBeNull()
    expect(chooseCandidates(viewOf({ me: {} }), {})).toBeNull()
  })

  test('LEAD-2: what the session needs plus half, at most 16, the asker first', () => {
    const sizeFor = (others: number, wanted = {}) => chooseCandidates(viewOf(crowd(others)), wanted)?.invited.length
    expect([1, 2, 4, 7, 30].map((others) => sizeFor(others))).toEqual([2, 3, 5, 8, 12])
    expect(sizeFor(30, { executors: 4, verifiers: 9 })).toBe(16)
    expect(sizeFor(30, { executors: 1, verifiers: 1 })).toBe(3)
    expect(chooseCandidates(viewOf(crowd(5)), {})?.invited[0]).toBe(nodeId('me'))
  })

  test('ROLE-1: asks for what fits the swarm, the asker counted only where it has a model', () => {
    expect(chooseCandidates(viewOf(crowd(2)), {})?.needs).toEqual({ executors: 2, verifiers: 1 })
    expect(chooseCandidates(viewOf(crowd(3), { ownEngine: null }), {})?.needs).toEqual({ executors: 2, verifiers: 1 })
    expect(chooseCandidates(viewOf(crowd(2)), { verifiers: 5 })?.needs).toEqual({ executors: 2, verifiers: 5 })
  })

  // A name that comes later in the alphabet of ids must not win by chance, so each pair is tried both ways round.
  test.each<[string, Traits, Traits]>([
    ['a free engine before a taken one', {}, { free: 0 }],
    ['a visible tab before a hidden one', {}, { hidden: true }],
    ['another operator before an own tab', {}, { operator: 'me' }],
    ['a faster model before a slower one', { tokensPerSecond: 90 }, { tokensPerSecond: 10 }],
  ])('prefers %s', (_, better, worse) => {
    expect(firstOf(viewOf({ ann: better, bob: worse }))).toBe(nodeId('ann'))
    expect(firstOf(viewOf({ ann: worse, bob: better }))).toBe(nodeId('bob'))
  })

  test('prefers who is linked, then who is near, and a rarer model before a common one', () => {
    const pair = { ann: {}, bob: {} }
    for (const name of ['ann', 'bob']) {
      expect(firstOf(viewOf(pair, { linked: new Set([nodeId(name)]) }))).toBe(nodeId(name))
      expect(firstOf(viewOf(pair, { roundTripMs: { [nodeId(name)]: 5 } }))).toBe(nodeId(name))
    }
    expect(firstOf(viewOf({ ann: { model: 'x' }, bob: { model: 'x' }, cid: {} }))).toBe(nodeId('cid'))
  })

  test('stages last four times as long as the slowest engine needs, within bounds', () => {
    const slow = { ...engineOffer('slow'), prefillTokensPerSecond: 10, decodeTokensPerSecond: 5 }
    const needs = { executors: 2, verifiers: 1 }
    const deadlines = deadlinesFor([engineOffer('fast'), slow], 100, 100, needs)
    expect(deadlines).toMatchObject({ executeMs: 4 * (10_000 + 20_000), verifyMs: 4 * 2 * 20_000 })
    expect(deadlinesFor([engineOffer('fast')], 1, 1, needs)).toMatchObject({ executeMs: 15_000, verifyMs: 15_000 })
    expect(deadlinesFor([slow], 100_000, 4096, needs)).toMatchObject({ executeMs: 600_000, verifyMs: 600_000 })
  })
})
