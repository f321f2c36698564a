import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { needsForSize } from '#core/session/draw.ts'
import type { Needs } from '#core/protocol/messages.ts'
import { SessionSwarm } from '#support/session-pair.ts'

vi.setConfig({ testTimeout: 60_000 })

const trouble = fc.record({
  at: fc.integer({ min: 0, max: 8000 }),
  who: fc.integer({ min: 0, max: 7 }),
  what: fc.constantFrom('leave', 'vanish', 'break', 'reload', 'cancel'),
})

const plan = fc.record({
  size: fc.integer({ min: 2, max: 8 }),
  latencyMs: fc.constantFrom(0, 5, 50, 150),
  operators: fc.integer({ min: 1, max: 8 }),
  speeds: fc.array(fc.integer({ min: 100, max: 4000 }), { minLength: 8, maxLength: 8 }),
  spare: fc.integer({ min: 0, max: 3 }),
  troubles: fc.array(trouble, { maxLength: 3 }),
})

function play({
  size,
  latencyMs,
  operators,
  speeds,
  spare,
  troubles,
}: typeof plan extends fc.Arbitrary<infer P> ? P : never) {
  const names = 'abcdefgh'.slice(0, size).split('')
  const swarm = new SessionSwarm(
    Object.fromEntries(
      names.map((name, i) => [
        name,
        { operator: `operator ${i % operators}`, generateMs: speeds[i] ?? 500, judgeMs: (speeds[i] ?? 500) / 2 },
      ]),
    ),
  )
  swarm.latencyMs = latencyMs
  swarm.ask('a', '2+2', needsForSize(Math.max(2, size - spare)) as Needs)
  for (const { at, who, what } of [...troubles].sort((one, two) => one.at - two.at)) {
    swarm.advance(Math.max(0, at - swarm.now))
    const name = names[who % size] as string
    if (what === 'leave') swarm.kill(name)
    if (what === 'vanish') swarm.kill(name, false)
    if (what === 'break') swarm.broken.add(name)
    if (what === 'reload' && name === 'a' && swarm.actor('a').state.outcome === null) swarm.reload('a')
    if (what === 'cancel' && swarm.actor('a').alive) swarm.cancel('a')
  }
  return swarm
}

describe('whatever happens', () => {
  test('END-1, TERM-4, VER-6: every session ends in time, on one verdict, and nobody signs two', () => {
    fc.assert(
      fc.property(plan, (steps) => {
        const swarm = play(steps)
        swarm.untilEnded(120_000)
        const living = [...swarm.actors.values()].filter(({ alive }) => alive)
        // Nobody invited the nodes that never heard of a session: those were never part of it.
        const undecided = living.filter(({ state }) => state.outcome === null).map(({ name }) => name)
        expect(undecided).toEqual([])
        swarm.advance(60_000)
        const signed = swarm.said.flatMap(({ by, entry }) =>
          entry.message.type === 'verdict-reached' ? [`${by} for term ${entry.message.term}`] : [],
        )
        expect(new Set(signed).size).toBe(signed.length)
        const adopted = living.flatMap(({ state }) => (state.adopted ? [state.adopted.digest] : []))
        expect(new Set(adopted).size).toBeLessThanOrEqual(1)
      }),
      { numRuns: 150, seed: 20261120 },
    )
  })
})
