import { describe, expect, test, vi } from 'vitest'
import { hexToBytes } from '#core/bytes.ts'
import { domainHash } from '#core/protocol/domains.ts'
import type { Digest } from '#core/protocol/ids.ts'
import type { MessageOf, SessionMessage } from '#core/protocol/messages.ts'
import { reservesFor } from '#core/session/draw.ts'
import { allSaid } from '#core/session/lookup.ts'
import type { Job } from '#core/session/state.ts'
import {
  DEADLINES,
  engineOffer,
  nodeId,
  SESSION,
  SessionSwarm,
  strangers,
  type ActorOptions,
} from '#support/session-pair.ts'
import { joinBy } from '#support/session-pair-record.ts'

vi.setConfig({ testTimeout: 60_000 })

/** What each part does, and when, as everybody else sees it. */

const NEEDS = { executors: 3, verifiers: 3 }

function saidOf<T extends SessionMessage['type']>(swarm: SessionSwarm, type: T) {
  return swarm.said.flatMap(({ at, by, entry }) =>
    entry.message.type === type ? [{ at, by, digest: entry.digest, message: entry.message as MessageOf<T> }] : [],
  )
}

function rolesOf(swarm: SessionSwarm): MessageOf<'roles-assigned'> {
  const [assigned] = saidOf(swarm, 'roles-assigned')
  if (!assigned) throw new Error('no roles yet')
  return assigned.message
}

function jobsOf(swarm: SessionSwarm): { by: string; job: Job }[] {
  const jobs: { by: string; job: Job }[] = []
  swarm.observe = (by, what) => {
    if (what.type === 'job') jobs.push({ by, job: what.job })
  }
  return jobs
}

function asked(size: number, options: ActorOptions = {}, needs = NEEDS): SessionSwarm {
  const swarm = strangers(size, options)
  swarm.ask('a', '2+2', needs)
  swarm.advance(600)
  return swarm
}

const notAsker = (nodes: readonly string[]) => nodes.find((node) => node !== nodeId('a')) as string

describe('leading', () => {
  test('LEAD-3, EXE-2, JUDGE-5: what a statement rests on is durable before it is said', () => {
    const swarm = strangers(6)
    const durable: Record<string, boolean[]> = {}
    swarm.observe = (by, what) => {
      if (what.type !== 'said') return
      const { snapshot } = swarm.actor(by)
      const holds: Partial<Record<SessionMessage['type'], boolean>> = {
        'session-opened': snapshot?.question?.messages[0]?.content === '2+2',
        'session-joined': snapshot !== null,
        'result-committed': snapshot?.own.answer?.text === swarm.answerOf(by),
        'scores-committed': snapshot?.own.scores?.scores.length === 3,
      }
      const held = holds[what.message.type]
      if (held !== undefined) (durable[what.message.type] ??= []).push(held)
    }
    swarm.ask('a', '2+2', NEEDS)
    swarm.untilEnded()
    const all = (count: number) => Array<boolean>(count).fill(true)
    expect(durable).toEqual({
      'session-opened': all(1),
      'session-joined': all(6),
      'result-committed': all(3),
      'scores-committed': all(3),
    })
  })

  test('LEAD-6: a role is closed without who is late, with the commitments that are there', () => {
    const swarm = asked(6, { generateMs: 3000 })
    const lost = notAsker(rolesOf(swarm).executors)
    swarm.kill(swarm.nameOf(lost as never))
    swarm.untilEnded()
    const [closing, ...more] = saidOf(swarm, 'commitments-closed')
    expect(more).toEqual([])
    expect([closing?.by, closing?.message.term, closing?.message.role]).toEqual(['a', 0, 'executor'])
    expect(closing?.message.commitments).toEqual(
      saidOf(swarm, 'result-committed')
        .map(({ digest }) => digest)
        .sort(),
    )
    expect(closing?.message.commitments).toHaveLength(2)
  })

  test('LEAD-6: verifiers may be closed with none of them', () => {
    const swarm = asked(4, { generateMs: 3000 }, { executors: 3, verifiers: 1 })
    swarm.kill(swarm.nameOf(rolesOf(swarm).verifiers[0] as never))
    swarm.untilEnded()
    expect(saidOf(swarm, 'commitments-closed').map(({ message }) => [message.role, message.commitments])).toEqual([
      ['verifier', []],
    ])
    expect(swarm.outcomes()['a']).toBe('answered')
  })

  test('LEAD-7: the verdict is said with the last score, and no sooner', () => {
    const swarm = asked(6)
    swarm.untilEnded()
    const scores = saidOf(swarm, 'scores-revealed')
    const [verdict, ...more] = saidOf(swarm, 'verdict-reached')
    expect([scores.length, verdict?.by, verdict?.at, more]).toEqual([3, 'a', scores.at(-1)?.at, []])
    for (const { digest } of scores) expect(verdict?.message.counted).toContain(digest)
  })

  test('ROLE-6: reserves are who joined for the role and holds no seat, in an order that all share', () => {
    const swarm = asked(8, {}, { executors: 2, verifiers: 2 })
    const { record } = swarm.actor('a').state
    const joins = allSaid(record, 'session-joined')
    const seated = [...rolesOf(swarm).executors, ...rolesOf(swarm).verifiers]
    const free = joins.map(({ from }) => from).filter((node) => !seated.includes(node) && node !== nodeId('a'))
    const reserves = reservesFor(record, 'verifier', joins)
    expect([...reserves].sort()).toEqual([...free].sort())
    expect(reserves.length).toBeGreaterThan(1)
    expect(reservesFor(record, 'verifier', [...joins].reverse())).toEqual(reserves)
    const unwilling = joinBy('z', { verifies: false })
    expect(reservesFor(record, 'verifier', [unwilling])).toEqual([])
    expect(reservesFor(record, 'executor', [unwilling])).toEqual([nodeId('z')])
  })
})

describe('the barrier', () => {
  test.each([
    ['result-committed', 'result-revealed', 'generateMs'],
    ['scores-committed', 'scores-revealed', 'judgeMs'],
  ] as const)('COM-3, EXE-3: after %s of all, and not before, comes %s', (committed, revealed, speed) => {
    const members = Object.fromEntries('abcdef'.split('').map((name, i) => [name, { [speed]: 500 + 300 * i }]))
    const swarm = new SessionSwarm(members)
    swarm.ask('a', '2+2', NEEDS)
    swarm.untilEnded()
    const commitments = saidOf(swarm, committed)
    const reveals = saidOf(swarm, revealed)
    expect([commitments.length, reveals.length]).toEqual([3, 3])
    expect(new Set(commitments.map(({ at }) => at)).size).toBeGreaterThan(1)
    expect(reveals.every(({ at }) => at === commitments.at(-1)?.at)).toBe(true)
  })

  test('COM-3, EXE-3: whose commitment a closing does not name reveals nothing', () => {
    const swarm = asked(6, { generateMs: 3000 })
    const late = swarm.nameOf(notAsker(rolesOf(swarm).executors) as never)
    const others = [...swarm.actors.keys()].filter((name) => name !== late)
    for (const name of others) {
      swarm.cut(late, name)
      swarm.cut(name, late)
    }
    swarm.advance(12_000)
    const [closing] = saidOf(swarm, 'commitments-closed')
    const own = saidOf(swarm, 'result-committed').find(({ by }) => by === late)
    if (!closing || !own) throw new Error('nothing was closed, or committed')
    expect(closing.message.commitments).not.toContain(own.digest)
    for (const name of others) {
      swarm.heal(late, name)
      swarm.heal(name, late)
    }
    swarm.forge(closing.by, closing.message, [late])
    swarm.untilEnded()
    expect(swarm.outcomes()[late]).toBe('answered')
    expect(saidOf(swarm, 'result-revealed').map(({ by }) => by)).not.toContain(late)
  })
})

describe('executing and judging', () => {
  test('EXE-1: each seat has a seed that anyone can derive; of one model the first answers greedily', () => {
    const swarm = new SessionSwarm(
      Object.fromEntries('abcdefgh'.split('').map((name) => [name, { model: 'the same', operator: name }])),
    )
    const jobs = jobsOf(swarm)
    swarm.ask('a', '2+2', NEEDS)
    swarm.untilEnded()
    const { nonce, executors } = rolesOf(swarm)
    const bySeat = executors.map((node) => jobs.find(({ by, job }) => nodeId(by) === node && job.kind === 'generate'))
    const drawn = bySeat.map((found) => (found?.job.kind === 'generate' ? found.job : null))
    expect(drawn.map((job) => job?.temperatureMilli)).toEqual([0, 700, 700])
    const seedOf = (index: number) =>
      Math.floor(parseInt(domainHash('sampling', [hexToBytes(nonce), String(index)]).slice(0, 8), 16) / 2)
    expect(drawn.map((job) => job?.seed)).toEqual([0, 1, 2].map(seedOf))
  })

  test('EXE-4: work for a seat that is closed without it is stopped, and the asker’s own goes on', () => {
    const needs = { executors: 4, verifiers: 2 }
    const nameOfSlow = strangers(6).nameOf(notAsker(rolesOf(asked(6, {}, needs)).executors) as never)
    const speedOf = (name: string) => (name === 'a' || name === nameOfSlow ? 15_000 : 500)
    const names = 'abcdef'.split('')
    const swarm = new SessionSwarm(Object.fromEntries(names.map((name) => [name, { generateMs: speedOf(name) }])))
    swarm.ask('a', '2+2', needs)
    swarm.advance(1000)
    expect(swarm.actor(nameOfSlow).jobs.has('generate')).toBe(true)
    swarm.advance(1700)
    expect(saidOf(swarm, 'commitments-closed')).toHaveLength(1)
    expect(swarm.outcomes()['a']).toBeNull()
    expect(swarm.actor(nameOfSlow).jobs.has('generate')).toBe(false)
    expect(swarm.actor('a').jobs.has('generate')).toBe(true)
  })

  test('EXE-5: whose engine fails declines its seat at once, executor or verifier, and a reserve takes it', () => {
    for (const role of ['executor', 'verifier'] as const) {
      const swarm = asked(8, { generateMs: 1000, judgeMs: 1000 }, { executors: 2, verifiers: 2 })
      const roles = rolesOf(swarm)
      const broken = swarm.nameOf(notAsker(role === 'executor' ? roles.executors : roles.verifiers) as never)
      swarm.broken.add(broken)
      swarm.untilEnded()
      const [declined] = saidOf(swarm, 'seat-declined')
      const [replaced] = saidOf(swarm, 'role-replaced')
      expect([declined?.by, declined?.message.slot.role]).toEqual([broken, role])
      expect([replaced?.at, replaced?.message.from]).toEqual([declined?.at, nodeId(broken)])
      expect(swarm.verdictOf('a')?.verdict.independence.verifiers).toBe(2)
      expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
    }
  })

  test('EXE-6: an answer that another model wrote is never published: the seat is declined, and a reserve takes it', () => {
    const swarm = asked(8, { generateMs: 1000, judgeMs: 1000 }, { executors: 2, verifiers: 2 })
    const changed = swarm.nameOf(notAsker(rolesOf(swarm).executors) as never)
    swarm.substitutes.set(changed, engineOffer('smaller'))
    swarm.untilEnded()
    expect(saidOf(swarm, 'seat-declined').map(({ by }) => by)).toEqual([changed])
    expect(saidOf(swarm, 'result-committed').map(({ by }) => by)).not.toContain(changed)
    expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(2)
  })

  test('EXE-6, END-2: what another model of the asker’s wrote is its answer only where nobody else gives one', () => {
    const alone = strangers(3)
    for (const name of ['b', 'c']) alone.broken.add(name)
    alone.substitutes.set('a', engineOffer('smaller'))
    alone.ask('a', '2+2', { executors: 2, verifiers: 1 })
    alone.untilEnded()
    expect(alone.outcomes()['a']).toBe('alone')
    expect(alone.actor('a').state.own.answer?.by).toMatchObject({ modelName: 'smaller' })
    expect(saidOf(alone, 'result-committed')).toEqual([])
  })

  test('JUDGE-1, JUDGE-2: a judge is shown every answer, in an order of its own, and nobody’s name', () => {
    const swarm = strangers(8)
    const jobs = jobsOf(swarm)
    swarm.ask('a', '2+2', { executors: 4, verifiers: 4 })
    swarm.untilEnded()
    const { nonce } = rolesOf(swarm)
    const answers = saidOf(swarm, 'result-revealed').map(({ message }) => message.answer)
    const judging = jobs.flatMap(({ by, job }) => (job.kind === 'judge' ? [{ by, answers: job.answers }] : []))
    expect([answers.length, judging.length]).toEqual([4, 4])
    for (const { by, answers: shown } of judging) {
      const place = (digest: string) =>
        domainHash('order', [hexToBytes(nonce), hexToBytes(nodeId(by)), hexToBytes(digest)])
      const inOrder = answers.toSorted((one, other) => (place(one.digest) < place(other.digest) ? -1 : 1))
      expect(shown).toEqual(inOrder.map(({ digest, text }) => ({ digest, text })))
    }
    expect(new Set(judging.map(({ answers: shown }) => shown.map(({ digest }) => digest).join())).size).toBeGreaterThan(
      1,
    )
  })
})

describe('witnessing and the end', () => {
  test.each([
    [1500, true],
    [900, false],
  ])(
    'WIT-3: a commitment held %i ms before a closing that leaves it out is objected for: %s',
    (headStartMs, objected) => {
      // Speed does not matter to the draw, so a first session tells who will answer.
      const quick = strangers(6).nameOf(notAsker(rolesOf(asked(6)).executors) as never)
      const speedOf = (name: string) => (name === 'a' || name === quick ? 500 : 5000)
      const swarm = new SessionSwarm(
        Object.fromEntries('abcdef'.split('').map((name) => [name, { generateMs: speedOf(name) }])),
      )
      swarm.ask('a', '2+2', NEEDS)
      swarm.advance(500 + headStartMs)
      const committed = saidOf(swarm, 'result-committed')
      expect(committed.map(({ by }) => by).sort()).toEqual(['a', quick].sort())
      const digestBy = (name: string) => committed.find(({ by }) => by === name)?.digest as Digest
      swarm.forge('a', {
        type: 'commitments-closed',
        session: SESSION,
        term: 0,
        role: 'executor',
        commitments: [digestBy('a')],
      })
      swarm.untilEnded()
      expect(swarm.verdictOf('a')?.verdict.ranking).toHaveLength(1)
      const objections = saidOf(swarm, 'objection').filter(({ message }) => message.reason === 'envelope-missing')
      expect(objections.map(({ by }) => by).sort()).toEqual(objected ? ['b', 'c', 'd', 'e', 'f'] : [])
      for (const { message } of objections) expect(message.missing).toEqual([digestBy(quick)])
    },
  )

  test('END-5: a record is kept for as long as anybody may still ask, then it expires', () => {
    const swarm = asked(6)
    swarm.untilEnded()
    const { joinMs, executeMs, verifyMs, finalizeMs } = DEADLINES
    const participants = new Set([nodeId('a'), ...rolesOf(swarm).executors, ...rolesOf(swarm).verifiers]).size
    const keptMs = joinMs + executeMs + verifyMs + (2 * participants + 4) * finalizeMs
    const expired = () => [...swarm.actors.values()].filter(({ events }) => events.some((e) => e.type === 'expired'))
    swarm.advance(keptMs - 1 - swarm.now)
    expect(expired()).toEqual([])
    swarm.advance(2)
    expect(expired()).toHaveLength(6)
    expect([...swarm.actors.values()].flatMap(({ timers }) => [...timers])).toEqual([])
  })
})
