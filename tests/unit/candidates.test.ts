import { describe, expect, test } from 'vitest'
import { chooseCandidates as choose, deadlinesFor, type AskerView } from '#core/swarm/candidates.ts'
import type { Task } from '#core/swarm/fit.ts'
import type { Needs } from '#core/protocol/messages.ts'
import type { Presence } from '#core/swarm/presence.ts'
import { certificateOf, engineOffer, nodeId, operatorId } from '#support/session-pair.ts'

interface Traits {
  readonly operator?: string
  readonly model?: string
  readonly free?: number
  readonly hidden?: boolean
  readonly willing?: boolean
  readonly tokensPerSecond?: number
  readonly tier?: number
  readonly judgeTokensPerSecond?: number
}

function presenceOf(name: string, traits: Traits = {}): Presence {
  const { model = name, willing = true } = traits
  const engine = {
    ...engineOffer(model, traits.tier),
    decodeTokensPerSecond: traits.tokensPerSecond ?? 50,
    judgeTokensPerSecond: traits.judgeTokensPerSecond ?? traits.tokensPerSecond ?? 50,
  }
  return {
    node: nodeId(name),
    said: {
      type: 'node-advertised',
      certificate: certificateOf(traits.operator ?? name),
      engines: [engine],
      visibility: traits.hidden ? 'hidden' : 'visible',
      executes: willing,
      verifies: willing,
      freeSlots: traits.free ?? 4,
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

const TASK: Task = { promptTokens: 20, maxTokens: 64 }
const chooseCandidates = (view: AskerView, wanted: Partial<Needs>, task = TASK) => choose(view, wanted, task)

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
    ['an idle engine before a busy one', {}, { free: 2 }],
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

  test('stages last four times as long as at the pace of the session, within bounds', () => {
    expect(deadlinesFor({ executeMs: 30_000, verifyMs: 40_000 })).toMatchObject({
      executeMs: 120_000,
      verifyMs: 160_000,
    })
    expect(deadlinesFor({ executeMs: 1, verifyMs: 1 })).toMatchObject({ executeMs: 15_000, verifyMs: 15_000 })
    expect(deadlinesFor({ executeMs: 1e6, verifyMs: 1e6 })).toMatchObject({ executeMs: 600_000, verifyMs: 600_000 })
  })
})

describe('whom a session has time for', () => {
  const fast = Object.fromEntries(Array.from({ length: 5 }, (_, i) => [`n${i}`, { tokensPerSecond: 400 }]))
  const long = { promptTokens: 100, maxTokens: 512 }
  const own = { ...engineOffer('mine'), decodeTokensPerSecond: 400, judgeTokensPerSecond: 400 }

  test('LEAD-11: one slow device is not waited for where there are enough fast ones, and stretches nobody’s deadline', () => {
    const alone = chooseCandidates(viewOf(fast, { ownEngine: own }), {}, long)
    const withPhone = chooseCandidates(viewOf({ ...fast, phone: { tokensPerSecond: 5 } }, { ownEngine: own }), {}, long)
    expect(withPhone?.invited).not.toContain(nodeId('phone'))
    expect(withPhone?.deadlines).toEqual(alone?.deadlines)
    expect(withPhone?.needs).toEqual(alone?.needs)
  })

  test('LEAD-11: work of a couple of seconds excludes nobody, however fast the others are', () => {
    const short = { promptTokens: 20, maxTokens: 64 }
    const invited = (tokensPerSecond: number) =>
      chooseCandidates(viewOf({ ...fast, slow: { tokensPerSecond } }, { ownEngine: own }), {}, short)?.invited
    // Judging three answers takes it 2 s, which the grace of LEAD-5 gives to everybody.
    expect(invited(100)).toContain(nodeId('slow'))
    expect(invited(20)).not.toContain(nodeId('slow'))
  })

  test('LEAD-11: a device too slow to answer in time may judge, where it reads fast enough', () => {
    const phone = { tokensPerSecond: 5, judgeTokensPerSecond: 400 }
    const invitation = chooseCandidates(viewOf({ ...fast, phone }, { ownEngine: own }), {}, long)
    expect(invitation?.invited).toContain(nodeId('phone'))
    expect(invitation?.deadlines.executeMs).toBe(15_000)
  })

  test('LEAD-11: where fewer than three are fast, the slow set the pace, and get the time that they need', () => {
    const phones = { ann: { tokensPerSecond: 10 }, bob: { tokensPerSecond: 10 } }
    const invitation = chooseCandidates(viewOf(phones, { ownEngine: own }), {}, long)
    expect(invitation?.invited).toHaveLength(3)
    expect(invitation?.deadlines.executeMs).toBeGreaterThan(4 * 51_200)
  })

  test('LEAD-11: an asker too slow for the others leaves the answering to them, and counts as nobody', () => {
    const slow = { ...engineOffer('mine'), decodeTokensPerSecond: 5 }
    expect(chooseCandidates(viewOf(fast, { ownEngine: slow }), {}, long)).toMatchObject({
      ownExecutes: false,
      needs: { executors: 3, verifiers: 2 },
    })
    expect(chooseCandidates(viewOf(fast, { ownEngine: own }), {}, long)).toMatchObject({ ownExecutes: true })
  })

  test('LEAD-11: a larger model is waited for, 20 s at the most, and has twice what it takes', () => {
    const larger = { tokensPerSecond: 30, tier: 3, judgeTokensPerSecond: 400 }
    const invitation = chooseCandidates(viewOf({ ...fast, larger }, { ownEngine: own }), {}, long)
    expect(invitation?.invited).toContain(nodeId('larger'))
    expect(invitation?.deadlines.executeMs).toBeGreaterThan(2 * 17_000)
    const tooSlow = { ...fast, larger: { ...larger, tokensPerSecond: 20, judgeTokensPerSecond: 20 } }
    expect(chooseCandidates(viewOf(tooSlow, { ownEngine: own }), {}, long)).toMatchObject({
      deadlines: { executeMs: 15_000 },
    })
  })

  test('LEAD-11: whoever has its hands full is not waited for while others are idle', () => {
    const invitation = chooseCandidates(viewOf({ ...fast, busy: { tokensPerSecond: 400, free: 0 } }), {}, long)
    expect(invitation?.invited).not.toContain(nodeId('busy'))
    expect(chooseCandidates(viewOf({ busy: { free: 0 } }), {}, TASK)?.invited).toContain(nodeId('busy'))
  })

  test('LEAD-12: the largest are enough to answer and to judge, in at most half of the places, and models take turns', () => {
    const many = (name: string, count: number, traits: Traits) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`${name}${i}`, { model: name, ...traits }]))
    const members = { ...many('large', 9, { tier: 3 }), ...many('x', 6, {}), ...many('y', 6, {}), ...many('z', 2, {}) }
    const invited = chooseCandidates(viewOf(members), {})?.invited ?? []
    const ofModel = (name: string) =>
      Object.entries(members).filter(([key, { model }]) => model === name && invited.includes(nodeId(key))).length
    expect([ofModel('large'), ofModel('x') + ofModel('y'), ofModel('z')]).toEqual([6, 3, 2])
  })
})
