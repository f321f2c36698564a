import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { drawRoles, fitNeeds, needsForSize, takeoverLeader, takeoverTerm } from '#core/session/draw.ts'
import type { Roles } from '#core/session/draw.ts'
import { nodeId, saltOf } from '#support/session-pair.ts'
import { honestStatements, joinBy, openedBy, recordOf, type JoinOptions } from '#support/session-pair-record.ts'

vi.setConfig({ testTimeout: 60_000 })

const names = 'abcdefghijklmnop'.split('')

function draw(members: Record<string, JoinOptions>, needs = needsForSize(Object.keys(members).length), leader = 'a') {
  const all = Object.keys(members)
  if (!needs) throw new Error('too few')
  const opened = openedBy(leader, all, needs, members[leader]?.operator ?? leader)
  return drawRoles(
    opened,
    Object.entries(members).map(([name, options]) => joinBy(name, options)),
    saltOf('leader nonce'),
  )
}

function named(roles: Roles | null) {
  const name = (node: string) => names.find((candidate) => nodeId(candidate) === node) as string
  return { executors: roles?.executors.map(name) ?? [], verifiers: roles?.verifiers.map(name) ?? [] }
}

describe('the draw', () => {
  test('ROLE-1: the table of small swarms', () => {
    const table = [2, 3, 4, 5, 6, 7, 8, 16].map((size) => {
      const roles = draw(Object.fromEntries(names.slice(0, size).map((name) => [name, {}])))
      return [roles?.executors.length, roles?.verifiers.length]
    })
    expect(table).toEqual([
      [1, 1],
      [2, 1],
      [2, 2],
      [3, 2],
      [3, 3],
      [3, 4],
      [3, 5],
      [3, 5],
    ])
    expect(needsForSize(1)).toBeNull()
  })

  test('ROLE-1: fewer joins than wanted give what fits, never more than wanted, and no node twice', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 16 }),
        (executors, verifiers, joined) => {
          const fit = fitNeeds({ executors, verifiers }, joined)
          if (joined < 2) {
            expect(fit).toBeNull()
            return
          }
          expect(fit?.executors).toBeGreaterThanOrEqual(1)
          expect(fit?.verifiers).toBeGreaterThanOrEqual(1)
          expect(fit?.executors).toBeLessThanOrEqual(executors)
          expect(fit?.verifiers).toBeLessThanOrEqual(verifiers)
          expect((fit?.executors ?? 0) + (fit?.verifiers ?? 0)).toBeLessThanOrEqual(joined)
        },
      ),
    )
  })

  const anyMembers = fc.array(
    fc.record({
      operator: fc.constantFrom('x', 'y', 'z', 'w'),
      model: fc.constantFrom('small', 'large'),
      executes: fc.boolean(),
      verifies: fc.boolean(),
    }),
    { minLength: 2, maxLength: 16 },
  )

  test('ROLE-4: depends on nothing but the joins and the nonces', () => {
    fc.assert(
      fc.property(anyMembers, (list) => {
        const members = Object.entries(Object.fromEntries(list.map((options, i) => [names[i] as string, options])))
        const needs = { executors: 3, verifiers: 4 }
        expect(draw(Object.fromEntries(members.toReversed()), needs)).toEqual(draw(Object.fromEntries(members), needs))
      }),
      { numRuns: 100 },
    )
  })

  test('ROLE-4: nobody sits twice, everybody does what it offered, and the asker never judges', () => {
    fc.assert(
      fc.property(anyMembers, (list) => {
        const members = Object.fromEntries(list.map((options, i) => [names[i] as string, options]))
        const { executors, verifiers } = named(draw(members, { executors: 3, verifiers: 4 }))
        expect(new Set([...executors, ...verifiers]).size).toBe(executors.length + verifiers.length)
        expect(verifiers).not.toContain('a')
        expect(executors.every((name) => members[name]?.executes)).toBe(true)
        expect(verifiers.every((name) => members[name]?.verifies)).toBe(true)
      }),
      { numRuns: 300 },
    )
  })

  test('ROLE-5: one operator sits on both sides only where the sides cannot be filled otherwise', () => {
    fc.assert(
      fc.property(anyMembers, (list) => {
        const members = Object.fromEntries(list.map((options, i) => [names[i] as string, options]))
        const asker = members['a']?.operator
        const { executors, verifiers } = named(draw(members, { executors: 3, verifiers: 4 }))
        const behind = (side: string[]) => side.map((name) => members[name]?.operator)
        const tainted = [asker, ...behind(executors)]
        if (!behind(verifiers).some((operator) => tainted.includes(operator))) return
        const judging = list.filter(({ operator, verifies }) => verifies && operator !== asker)
        const answering = list.filter(({ executes }) => executes)
        expect(judging.some((judge) => answering.some(({ operator }) => operator !== judge.operator))).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  test('ROLE-5: three tabs of one person make a swarm', () => {
    const { executors, verifiers } = named(
      draw({ a: { operator: 'me' }, b: { operator: 'me' }, c: { operator: 'me' } }),
    )
    expect([executors.length, verifiers.length]).toEqual([2, 1])
    expect(executors).toContain('a')
  })

  test('ROLE-5: a single outsider judges rather than answers', () => {
    for (const own of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      const mine = Object.fromEntries(own.map((name) => [name, { operator: 'me' }]))
      expect(named(draw({ ...mine, h: {} }, { executors: 2, verifiers: 2 })).verifiers).toEqual(['h'])
    }
  })

  test('ROLE-7: models that are not represented yet go first', () => {
    const own = (model: string) => ({ operator: 'me', model })
    const judge = { executes: false }
    const members = { a: own('one'), b: own('one'), c: own('one'), d: own('one'), e: own('two'), f: judge, g: judge }
    expect(named(draw(members, { executors: 2, verifiers: 2 })).executors).toEqual(['a', 'e'])
  })

  const anyTiers = fc.array(
    fc.record({
      operator: fc.constantFrom('v', 'w', 'x', 'y', 'z'),
      model: fc.constantFrom('one', 'two', 'three'),
      tier: fc.integer({ min: 0, max: 2 }),
      executes: fc.boolean(),
      verifies: fc.boolean(),
    }),
    { minLength: 2, maxLength: 16 },
  )

  test('ROLE-5: nor do tiers bring an operator to both sides', () => {
    fc.assert(
      fc.property(anyTiers, (list) => {
        const members = Object.fromEntries(list.map((options, i) => [names[i] as string, options]))
        const { executors, verifiers } = named(draw(members, { executors: 3, verifiers: 4 }))
        const tainted = [members['a'], ...executors.map((name) => members[name])].map((member) => member?.operator)
        if (!verifiers.some((name) => tainted.includes(members[name]?.operator))) return
        const judging = list.filter(({ operator, verifies }) => verifies && operator !== members['a']?.operator)
        const answering = list.filter(({ executes }) => executes)
        expect(judging.some((judge) => answering.some(({ operator }) => operator !== judge.operator))).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  const strangersOf = (tiers: readonly number[]) =>
    Object.fromEntries(tiers.map((tier, i) => [names[i] as string, { tier, model: `${tier} ${i % 2}` }]))

  test('ROLE-8: the largest model that joined answers, whoever judges it', () => {
    expect(named(draw(strangersOf([0, 0, 0, 4, 0]))).executors).toContain('d')
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 16 }), (tiers) => {
        const { executors } = named(draw(strangersOf(tiers)))
        expect(Math.max(...executors.map((name) => tiers[names.indexOf(name)] ?? 0))).toBe(Math.max(...tiers))
      }),
      { numRuns: 300 },
    )
  })

  test('ROLE-9: nobody judges above its tier while somebody who need not is free', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 3, maxLength: 16 }), (tiers) => {
        const { executors, verifiers } = named(draw(strangersOf(tiers)))
        const tierOf = (name: string) => tiers[names.indexOf(name)] ?? 0
        const top = Math.max(...executors.map(tierOf))
        const below = verifiers.filter((name) => tierOf(name) < top)
        if (below.length === 0) return
        // All of the top tier judge then, but the one that answers.
        const equals = names.slice(1, tiers.length).filter((name) => tierOf(name) >= top)
        expect(executors.filter((name) => equals.includes(name)).length).toBe(tierOf('a') >= top ? 0 : 1)
        expect(verifiers.filter((name) => equals.includes(name))).toHaveLength(verifiers.length - below.length)
        const idle = names
          .slice(1, tiers.length)
          .filter((name) => !executors.includes(name) && !verifiers.includes(name))
        for (const name of idle) expect(tierOf(name)).toBeLessThanOrEqual(Math.min(...verifiers.map(tierOf)))
      }),
      { numRuns: 500 },
    )
  })

  test('ROLE-9: where the tiers allow it, no judge is below', () => {
    const { executors, verifiers } = named(draw(strangersOf([0, 3, 3, 3, 3, 3, 3, 0, 0, 0, 0, 0])))
    expect(verifiers.map((name) => 'bcdefg'.includes(name))).toEqual([true, true, true, true, true])
    expect(executors.filter((name) => 'bcdefg'.includes(name))).toHaveLength(1)
  })

  test('ROLE-9: a single outsider judges, however large; own tabs alone keep a large one for answering', () => {
    const own = { operator: 'me' }
    expect(named(draw({ a: own, b: own, h: { tier: 5 } })).verifiers).toEqual(['h'])
    expect(named(draw({ a: own, b: own, c: { ...own, tier: 1 } }))).toMatchObject({ executors: ['a', 'c'] })
    expect(named(draw({ a: { ...own, tier: 1 }, b: own, c: { ...own, tier: 1 } })).verifiers).toEqual(['c'])
  })

  test('ROLE-9: everybody of one tier is drawn for either side sometimes, however many tiers there are', () => {
    const seats = new Set<string>()
    const tiers = [0, 2, 2, 2, 1, 1]
    for (let round = 0; round < 80; round++) {
      const opened = openedBy('a', names.slice(0, 6), { executors: 3, verifiers: 2 })
      const joins = tiers.map((tier, i) => joinBy(names[i] as string, { tier }))
      const { executors, verifiers } = named(drawRoles(opened, joins, saltOf(`nonce ${round}`)))
      for (const name of executors) seats.add(`${name} executes`)
      for (const name of verifiers) seats.add(`${name} verifies`)
    }
    for (const name of ['b', 'c', 'd']) {
      expect(seats).toContain(`${name} executes`)
      expect(seats).toContain(`${name} verifies`)
    }
    for (const name of ['e', 'f']) expect(seats).toContain(`${name} executes`)
  })

  test('ROLE-4: without anybody who judges, or who answers, there are no roles', () => {
    expect(draw({ a: {}, b: { verifies: false } })).toBeNull()
    expect(draw({ a: { executes: false }, b: { executes: false }, c: { executes: false } })).toBeNull()
  })

  test('ROLE-3: everybody is drawn for either side sometimes', () => {
    const seats = new Set<string>()
    for (let round = 0; round < 60; round++) {
      const opened = openedBy('a', names.slice(0, 5), { executors: 2, verifiers: 2 })
      const roles = drawRoles(
        opened,
        names.slice(0, 5).map((name) => joinBy(name)),
        saltOf(`nonce ${round}`),
      )
      const { executors, verifiers } = named(roles)
      for (const name of executors) seats.add(`${name} executes`)
      for (const name of verifiers) seats.add(`${name} verifies`)
    }
    for (const name of ['b', 'c', 'd', 'e']) {
      expect(seats).toContain(`${name} executes`)
      expect(seats).toContain(`${name} verifies`)
    }
    expect(seats).not.toContain('a verifies')
  })

  test('TERM-1: every participant but the asker leads one term', () => {
    const script = { names: names.slice(0, 6), needs: { executors: 3, verifiers: 3 } }
    const record = recordOf(honestStatements(script))
    expect(takeoverLeader(record, 0)).toBe(nodeId('a'))
    expect(takeoverTerm(record, nodeId('a'))).toBeNull()
    const leaders = [1, 2, 3, 4, 5].map((term) => takeoverLeader(record, term))
    expect(new Set(leaders).size).toBe(5)
    expect(leaders.map((node) => node && takeoverTerm(record, node))).toEqual([1, 2, 3, 4, 5])
    expect(takeoverLeader(record, 6)).toBeUndefined()
  })
})
