import { describe, expect, test, vi } from 'vitest'
import type { MessageOf, SessionMessage } from '#core/protocol/messages.ts'
import { takeoverTerm } from '#core/session/draw.ts'
import { everHeld } from '#core/session/lookup.ts'
import { lowestValidVerdict } from '#core/session/witness.ts'
import { DEADLINES, nodeId, SESSION, SessionSwarm, strangers } from '#support/session-pair.ts'

vi.setConfig({ testTimeout: 60_000 })

type Seated = { executors: string[]; verifiers: string[] }

function seated(swarm: SessionSwarm): Seated {
  const assigned = said(swarm, 'roles-assigned')[0]
  if (!assigned) throw new Error('no roles yet')
  return {
    executors: assigned.executors.map((node) => swarm.nameOf(node)),
    verifiers: assigned.verifiers.map((node) => swarm.nameOf(node)),
  }
}

function said<T extends SessionMessage['type']>(swarm: SessionSwarm, type: T): MessageOf<T>[] {
  return swarm.said.flatMap(({ entry }) => (entry.message.type === type ? [entry.message as MessageOf<T>] : []))
}

function started(size: number, needs: { executors: number; verifiers: number }, slow = {}): SessionSwarm {
  const swarm = strangers(size, { generateMs: 3000, judgeMs: 3000, ...slow })
  swarm.ask('a', '2+2', needs)
  swarm.advance(600)
  return swarm
}

const other = (names: readonly string[]) => names.find((name) => name !== 'a') as string

describe('somebody leaves', () => {
  test('LEAD-5: an executor that leaves is replaced by a reserve, and the session costs one answer more', () => {
    const swarm = started(8, { executors: 3, verifiers: 3 })
    const gone = other(seated(swarm).executors)
    swarm.advance(1000)
    swarm.kill(gone)
    swarm.untilEnded()
    const [replaced] = said(swarm, 'role-replaced')
    expect(replaced?.from).toBe(nodeId(gone))
    expect(swarm.verdictOf('a')?.verdict.ranking.map(({ node }) => node)).toContain(replaced?.to)
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(3)
    // 600 opening, 1000 until the departure, 3000 for the newcomer's answer, 3000 to judge.
    expect(swarm.now).toBeLessThan(600 + 1000 + 3000 + 3000 + 500)
  })

  test('LEAD-5: without a reserve the stage closes without whoever left, at no cost', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    const gone = other(seated(swarm).executors)
    swarm.advance(1000)
    swarm.kill(gone)
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
    expect(swarm.now).toBeLessThan(500 + 3000 + 3000 + 200)
  })

  test('LEAD-5: an executor that falls silent costs no more than the grace', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 }, { generateMs: 500, judgeMs: 500 })
    swarm.kill(other(seated(swarm).executors), false)
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.now).toBeLessThan(500 + 500 + 2000 + 500 + 300)
  })

  test('LEAD-5: a verifier that leaves is replaced or left out within a moment', () => {
    for (const size of [3, 5, 8]) {
      const swarm = started(size, { executors: 2, verifiers: size === 3 ? 1 : 2 })
      const gone = seated(swarm).verifiers[0] as string
      swarm.advance(3500)
      swarm.kill(gone)
      swarm.untilEnded()
      expect(swarm.outcomes()['a']).toBe('answered')
      expect(swarm.now).toBeLessThan(600 + 3500 + 3000 + 200)
    }
  })

  test('VER-4: when every verifier left, the verdict says that nobody judged', () => {
    const swarm = started(3, { executors: 2, verifiers: 1 })
    swarm.advance(3000)
    swarm.kill(seated(swarm).verifiers[0] as string)
    swarm.untilEnded()
    expect(swarm.verdictOf('a')?.verdict.doubtful).toContain('no-verifier')
    expect(swarm.now).toBeLessThan(4000)
  })

  test('COM-4: whoever committed and left before revealing is waited for one deadline', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    const gone = other(seated(swarm).executors)
    // It hears nobody's commitment, so it never reveals.
    for (const name of swarm.actors.keys()) if (name !== gone) swarm.cut(name, gone)
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
    expect(swarm.actor('a').state.marks.verdict).toBeLessThan(500 + 3000 + 1000 + 3000 + 300)
  })

  test('END-2: the asker answers alone when everybody left', () => {
    const swarm = started(3, { executors: 2, verifiers: 1 })
    swarm.kill('b')
    swarm.kill('c')
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('alone')
    expect(swarm.now).toBeLessThan(600 + 3000 + 100)
  })

  test('END-2: the asker without a model gives up with one sentence when everybody left', () => {
    const swarm = new SessionSwarm({ a: { model: null }, b: {}, c: {} })
    swarm.ask('a', '2+2', { executors: 2, verifiers: 1 })
    swarm.advance(600)
    swarm.kill('b')
    swarm.kill('c')
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('failed')
    expect(swarm.now).toBeLessThan(1000)
  })

  test('END-2: executors without exception fail, so the asker answers alone at once', () => {
    const swarm = new SessionSwarm({ a: { executes: false }, b: {}, c: {}, d: {} })
    swarm.ask('a', '2+2', { executors: 1, verifiers: 2 })
    swarm.advance(100)
    const { executors } = seated(swarm)
    expect(executors).not.toContain('a')
    for (const name of ['b', 'c', 'd']) swarm.broken.add(name)
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('alone')
    // Two take the seat one after the other, 500 ms each; its own answer takes as long.
    expect(swarm.now).toBeLessThan(1600)
  })

  test('END-2: nobody comes, so the asker answers alone', () => {
    const swarm = new SessionSwarm({ a: {}, b: {}, c: {} })
    swarm.kill('b', false)
    swarm.kill('c', false)
    swarm.ask('a', '2+2', { executors: 2, verifiers: 1 })
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('alone')
    expect(swarm.now).toBeLessThan(DEADLINES.joinMs + DEADLINES.finalizeMs + 600)
  })

  test('LEAD-1, END-2: with nobody to invite there is no session, only an answer', () => {
    const swarm = strangers(1)
    swarm.ask('a', '2+2', { executors: 1, verifiers: 1 })
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('alone')
    expect(swarm.said).toEqual([])
  })

  test('EXE-5: a broken engine at the asker does not stop the others', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    swarm.broken.add('a')
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
  })

  test('END-2: every engine is broken, so the session fails in bounded time', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    for (const name of swarm.actors.keys()) swarm.broken.add(name)
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('failed')
    expect(swarm.now).toBeLessThan(600 + DEADLINES.executeMs)
  })

  test('JOIN-3, END-4: an asker that vanishes before the draw frees its guests within its window and two deadlines', () => {
    const swarm = strangers(4)
    swarm.ask('a', '2+2', { executors: 2, verifiers: 2 })
    swarm.kill('a', false)
    swarm.untilEnded()
    expect(swarm.outcomes()).toMatchObject({ b: 'failed', c: 'failed', d: 'failed' })
    expect(swarm.now).toBeLessThanOrEqual(DEADLINES.joinMs + 2 * DEADLINES.finalizeMs)
  })
})

describe('the asker leaves', () => {
  for (const [stage, ms] of [
    ['execute', 600],
    ['verify', 3600],
    ['finalize', 6400],
  ] as const) {
    for (const announced of [true, false]) {
      test(`TERM-2: gone in ${stage}, ${announced ? 'announced' : 'silently'}: the others agree on one verdict`, () => {
        const swarm = started(6, { executors: 3, verifiers: 3 })
        swarm.advance(ms - 600)
        swarm.kill('a', announced)
        swarm.untilEnded()
        const others = Object.entries(swarm.outcomes()).filter(([name]) => name !== 'a')
        expect(others.map(([, outcome]) => outcome)).toEqual(Array(5).fill('answered'))
        const verdicts = [...swarm.actors.keys()].slice(1).map((name) => JSON.stringify(swarm.verdictOf(name)))
        expect(new Set(verdicts).size).toBe(1)
        const slack = announced ? 2000 : 20_000
        expect(swarm.now).toBeLessThan(7000 + slack)
      })
    }
  }

  test('TERM-2: two leaders gone, the third takes over', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    swarm.advance(4000)
    const { record } = swarm.actor('a').state
    const leads = (term: number) => [...swarm.actors.keys()].find((name) => takeoverTerm(record, nodeId(name)) === term)
    const [second, third] = [leads(1) as string, leads(2) as string]
    swarm.kill('a')
    swarm.kill(second)
    swarm.untilEnded()
    const living = [...swarm.actors.keys()].filter((name) => name !== 'a' && name !== second)
    for (const name of living) expect([swarm.outcomes()[name], swarm.verdictOf(name)?.term]).toEqual(['answered', 2])
    expect(swarm.said.flatMap(({ by, entry }) => (entry.message.type === 'verdict-reached' ? [by] : []))).toEqual([
      third,
    ])
  })

  test('LEAD-8: a reloaded asker goes on where its record stands', () => {
    for (const ms of [100, 600, 2000, 3700, 6000]) {
      const swarm = strangers(6, { generateMs: 3000, judgeMs: 3000 })
      swarm.ask('a', '2+2', { executors: 3, verifiers: 3 })
      swarm.advance(ms)
      swarm.kill('a', false)
      swarm.advance(500)
      swarm.reload('a')
      swarm.untilEnded()
      expect(swarm.outcomes()['a'], `reloaded after ${ms} ms`).toBe('answered')
      const verdicts = swarm.said.filter(({ entry }) => entry.message.type === 'verdict-reached')
      const slots = verdicts.map(({ by, entry }) => `${by}/${(entry.message as MessageOf<'verdict-reached'>).term}`)
      expect(new Set(slots).size).toBe(slots.length)
    }
  })

  test('LEAD-8: an asker that comes back after the others went on adopts what they found', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    swarm.kill('a')
    swarm.untilEnded()
    swarm.reload('a')
    for (const { entry } of swarm.said) swarm.actor('a').inbox.push(entry)
    swarm.reload('a')
    swarm.untilEnded()
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.verdictOf('a')?.verdict.winner).toBe(swarm.verdictOf('b')?.verdict.winner)
  })

  test('TERM-3: a take-over before its turn changes nothing', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    for (const liar of ['b', 'c', 'd', 'e', 'f']) {
      const term = takeoverTerm(swarm.actor('a').state.record, nodeId(liar)) as number
      const others = [...swarm.actors.keys()].filter((name) => name !== liar)
      const closing = { type: 'commitments-closed', session: SESSION, term, role: 'executor', commitments: [] } as const
      swarm.forge(liar, { ...closing, commitments: [] }, others)
    }
    swarm.untilEnded()
    expect(swarm.verdictOf('a')?.term).toBe(0)
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(3)
    expect(swarm.now).toBeLessThan(7000)
  })
})

describe('hostile or clumsy participants', () => {
  test('JOIN-1: a late joiner is a reserve, no more', () => {
    const swarm = strangers(6, { generateMs: 3000 })
    swarm.cut('a', 'f')
    swarm.ask('a', '2+2', { executors: 2, verifiers: 2 })
    swarm.advance(700)
    swarm.heal('a', 'f')
    const opened = swarm.said[0]?.entry
    if (opened) swarm.forge('a', opened.message)
    swarm.advance(100)
    expect(said(swarm, 'session-joined')).toHaveLength(6)
    const { executors, verifiers } = seated(swarm)
    expect([...executors, ...verifiers]).not.toContain('f')
    // The other reserve is gone, so the late one takes the seat that becomes free.
    const reserve = ['b', 'c', 'd', 'e'].find((name) => ![...executors, ...verifiers].includes(name))
    if (reserve) swarm.kill(reserve)
    swarm.kill(other(executors))
    swarm.untilEnded()
    expect(said(swarm, 'role-replaced').map(({ to }) => swarm.nameOf(to))).toEqual(['f'])
    expect(swarm.outcomes()['a']).toBe('answered')
  })

  test('END-3: a stop ends the session everywhere', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    swarm.advance(1000)
    swarm.cancel('a')
    swarm.advance(10)
    expect(Object.values(swarm.outcomes())).toEqual(Array(5).fill('cancelled'))
    expect([...swarm.actors.values()].flatMap(({ jobs }) => [...jobs])).toEqual([])
  })

  test('END-3: a stop right after asking reaches those who were invited', () => {
    const swarm = strangers(4)
    swarm.ask('a', '2+2', { executors: 2, verifiers: 2 })
    swarm.cancel('a')
    swarm.advance(10)
    expect(Object.values(swarm.outcomes())).toEqual(Array(4).fill('cancelled'))
  })

  test('REC-9: an executor that commits twice splits nobody', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    const liar = other(seated(swarm).executors)
    const index = seated(swarm).executors.indexOf(liar)
    const lie = { type: 'result-committed', session: SESSION, slot: { role: 'executor', index } } as const
    const half = seated(swarm).verifiers.slice(0, 2)
    swarm.forge(liar, { ...lie, commitment: nodeId('lie') as string as never }, half)
    swarm.untilEnded()
    const verdicts = ['a', ...half].map((name) => JSON.stringify(swarm.verdictOf(name)))
    expect(new Set(verdicts).size).toBe(1)
    expect(swarm.outcomes()['a']).toBe('answered')
    expect(swarm.actor(half[0] as string).state.record.conflicts.length).toBeGreaterThan(0)
  })

  test('WIT-2: a verdict that decide does not give is refused and objected to', () => {
    const swarm = started(5, { executors: 3, verifiers: 2 })
    swarm.advance(5000)
    const { verifiers } = seated(swarm)
    const judge = verifiers[0] as string
    const honest = { ...swarm.actor('a').state }
    expect(honest.outcome).toBeNull()
    swarm.forge('a', {
      type: 'verdict-reached',
      session: SESSION,
      term: 0,
      counted: [],
      verdict: {
        winner: nodeId('a'),
        answer: null,
        ranking: [],
        margin: 9999,
        independence: { independentVerifiers: 0, verifiers: 0 },
        doubtful: [],
      },
    })
    swarm.advance(100)
    expect(said(swarm, 'objection').map(({ reason }) => reason)).toContain('recomputation-differs')
    expect(swarm.actor(judge).state.adopted).toBeNull()
    swarm.untilEnded()
    expect(Object.values(swarm.outcomes()).every((outcome) => outcome !== null)).toBe(true)
  })

  test('LEAD-4: an asker that assigns twice harms only its own question', () => {
    const swarm = strangers(6)
    swarm.ask('a', '2+2', { executors: 2, verifiers: 2 })
    swarm.advance(5)
    const [first] = said(swarm, 'roles-assigned')
    if (!first) throw new Error('no roles')
    const executors = [...first.executors].reverse()
    swarm.forge('a', { ...first, executors })
    swarm.untilEnded()
    expect(Object.values(swarm.outcomes()).every((outcome) => outcome !== null)).toBe(true)
  })

  test('WIT-1, ROLE-4: roles that the draw does not give are objected to', () => {
    const swarm = strangers(5)
    swarm.latencyMs = 10
    swarm.ask('a', '2+2', { executors: 2, verifiers: 2 })
    swarm.advance(15)
    const others = ['b', 'c', 'd', 'e']
    for (const name of others) swarm.cut('a', name)
    swarm.advance(10)
    for (const name of others) swarm.heal('a', name)
    const [roles] = said(swarm, 'roles-assigned')
    if (!roles) throw new Error('no roles')
    swarm.forge('a', { ...roles, verifiers: [...roles.verifiers].reverse() }, others)
    swarm.advance(100)
    expect(said(swarm, 'objection').map(({ reason }) => reason)).toContain('draw-differs')
  })

  test('REC-2: what a node missed it fetches before it believes a verdict', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    const [judge, deaf] = seated(swarm).verifiers as [string, string]
    swarm.cut(judge, deaf)
    swarm.untilEnded()
    expect(swarm.outcomes()[deaf]).toBe('answered')
    const { record } = swarm.actor(deaf).state
    expect(lowestValidVerdict(record)?.message.term).toBe(0)
    expect(everHeld(record, { role: 'verifier', index: 0 })).toHaveLength(1)
  })

  test('WIT-5: who was cut off, and went by a take-over of its own, asks again until it goes by the asker’s verdict', () => {
    const swarm = started(6, { executors: 3, verifiers: 3 })
    swarm.latencyMs = 50
    const others = [...swarm.actors.keys()].filter((name) => name !== 'a')
    const cutOff = seated(swarm).executors.find((name) => name !== 'a') as string
    const divide = (act: 'cut' | 'heal') =>
      [...swarm.actors.keys()].forEach((name) => {
        if (name === cutOff) return
        swarm[act](name, cutOff)
        swarm[act](cutOff, name)
      })
    while (said(swarm, 'scores-revealed').length < 3) swarm.advance(1)
    divide('cut')
    swarm.advance(15_000)
    expect(swarm.verdictOf('a')?.term).toBe(0)
    expect(swarm.verdictOf(cutOff)?.term).toBeGreaterThan(0)
    divide('heal')
    swarm.advance(15_000)
    for (const name of others) expect(swarm.verdictOf(name)?.term).toBe(0)
  })
})
