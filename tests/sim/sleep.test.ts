import { describe, expect, test } from 'vitest'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import { assignedOf, seatOf } from '#core/session/lookup.ts'
import type { Answer } from '#shell/facade.ts'
import { createDice } from '#support/sim-dice.ts'
import { openSwarm, type SwarmOptions } from '#support/open-swarm.ts'
import type { SimNode } from '#support/sim-node.ts'

const MINUTE = 60_000

type Swarm = Awaited<ReturnType<typeof openSwarm>>
type Part = 'leader' | 'executor' | 'verifier'

/** A question by the first node, as it runs. */
function ask({ clock, nodes }: Swarm) {
  const [asker] = nodes
  const sessions: SessionId[] = []
  const question = { told: null as Answer | Error | null, session: () => sessions.at(-1) }
  void asker?.tab?.shell
    .ask([{ role: 'user', content: 'what is it?' }], { maxTokens: 48, onSession: (id) => sessions.push(id) })
    .then(
      (answer) => (question.told = answer),
      (error: Error) => (question.told = error),
    )
  /** In steps, so that what is waited for is met soon after it holds. */
  const until = async (holds: () => boolean, atMostMs = 2 * MINUTE) => {
    const endsAt = clock.now() + atMostMs
    while (!holds() && clock.now() < endsAt) await clock.advanceBy(20)
    expect(holds()).toBe(true)
  }
  return { ...question, until, answered: () => until(() => question.told !== null), answer: () => question.told }
}

/** Somebody with that part in the session, while the engine is at work for it. */
function findPart({ nodes }: Swarm, session: SessionId | undefined, part: Part): SimNode | undefined {
  return nodes.find((node) => {
    const state = session && node.stateOf(session)
    if (!state || !node.id || !assignedOf(state.record)) return false
    if (part === 'leader') return state.question !== null
    return (
      state.question === null && seatOf(state.record, node.id)?.role === part && (node.tab?.engine.working ?? 0) > 0
    )
  })
}

const presentAt = (node: SimNode | undefined) => node?.tab?.shell.peers().map(({ node: id }) => id) ?? []

describe.each(['goes on', 'stops'] as const)('a machine that sleeps, and whose monotonic clock %s', (asleep) => {
  const open = (options: Partial<SwarmOptions> = {}) => openSwarm(6, { msPerToken: 50, asleep, ...options })

  test.each(['executor', 'verifier'] as const)(
    'AWAY-3: an %s that sleeps for ten minutes costs nobody the answer, and is a full member again',
    async (part) => {
      const swarm = await open()
      const { clock, witness, nodes } = swarm
      const question = ask(swarm)
      await question.until(() => findPart(swarm, question.session(), part) !== undefined)
      const sleeper = findPart(swarm, question.session(), part)
      const sleptAt = clock.now()
      sleeper?.sleep(10 * MINUTE)
      await question.answered()
      expect(question.answer()).toMatchObject({ verdict: expect.anything() })
      await clock.advanceBy(sleptAt + 10 * MINUTE - 1 - clock.now())
      expect(presentAt(nodes[0])).not.toContain(sleeper?.id)
      await clock.advanceBy(6000)
      for (const node of nodes) {
        const others = nodes.flatMap(({ id }) => (id === null || id === node.id ? [] : [id])).sort()
        expect([...presentAt(node)].sort()).toEqual(others)
      }
      expect(sleeper?.tab?.shell.status()).toMatchObject({ roles: [], lostAsleep: null })
      expect(sleeper?.counts['away:standstill']).toBe(1)
      const again = ask(swarm)
      await again.answered()
      expect((again.answer() as Answer).view.joined).toContain(sleeper?.id)
      await clock.advanceBy(5 * MINUTE)
      expect(witness.violations).toEqual([])
      expect(witness.disagreements()).toEqual([])
    },
  )

  test('AWAY-3: an asker that sleeps in the middle wakes up to the answer that the others decided on', async () => {
    const swarm = await open()
    const { clock, witness } = swarm
    const question = ask(swarm)
    await question.until(() => findPart(swarm, question.session(), 'executor') !== undefined)
    const sleeper = findPart(swarm, question.session(), 'leader')
    sleeper?.sleep(10 * MINUTE)
    await clock.advanceBy(10 * MINUTE - 1)
    expect(question.answer()).toBeNull()
    const wokenAt = clock.now()
    await question.answered()
    expect(clock.now() - wokenAt).toBeLessThan(10_000)
    expect(question.answer()).toMatchObject({ text: expect.stringContaining('It is'), verdict: expect.anything() })
    expect(sleeper?.tab?.shell.status().lostAsleep).toBeNull()
    await clock.advanceBy(5 * MINUTE)
    expect(witness.violations).toEqual([])
    expect(witness.disagreements()).toEqual([])
  })

  test('AWAY-3: an asker that wakes up where nobody is left answers by itself, and does not blame the sleep', async () => {
    const swarm = await open()
    const { clock, witness, nodes } = swarm
    const question = ask(swarm)
    await question.until(() => findPart(swarm, question.session(), 'executor') !== undefined)
    nodes[0]?.sleep(10 * MINUTE)
    for (const node of nodes.slice(1)) void node.leave()
    await clock.advanceBy(10 * MINUTE)
    await question.answered()
    expect(question.answer()).toMatchObject({ verdict: null, view: { outcome: 'alone' } })
    expect(nodes[0]?.tab?.shell.status().lostAsleep).toBeNull()
    await clock.advanceBy(MINUTE)
    expect(presentAt(nodes[0])).toEqual([])
    expect(witness.violations).toEqual([])
  })
})

test('AWAY-1: a tab that is frozen in the middle hands its seat on at once, and is back when it runs again', async () => {
  const swarm = await openSwarm(6, { msPerToken: 50 })
  const { clock, witness, nodes } = swarm
  const question = ask(swarm)
  await question.until(() => findPart(swarm, question.session(), 'executor') !== undefined)
  const frozen = findPart(swarm, question.session(), 'executor')
  frozen?.tab?.device.leave()
  await clock.advanceBy(200)
  expect(presentAt(nodes[0])).not.toContain(frozen?.id)
  frozen?.sleep(MINUTE)
  const askedAt = clock.now()
  await question.answered()
  expect(clock.now() - askedAt).toBeLessThan(15_000)
  expect(question.answer()).toMatchObject({ verdict: expect.anything() })
  await clock.advanceBy(askedAt + MINUTE - clock.now())
  frozen?.tab?.device.return()
  await clock.advanceBy(1000)
  expect(presentAt(nodes[0])).toContain(frozen?.id)
  expect(presentAt(frozen)).toHaveLength(nodes.length - 1)
  await clock.advanceBy(5 * MINUTE)
  expect(witness.violations).toEqual([])
})

test('AWAY-1: hidden tabs whose timers ring up to a second late lose no session', async () => {
  const dice = createDice(7, 7)
  const swarm = await openSwarm(6, { msPerToken: 20, timersLateMs: () => dice.between(0, 1000) })
  const { clock, witness, nodes } = swarm
  for (const { tab } of nodes) tab?.device.change({ visibility: 'hidden' })
  await clock.advanceBy(5000)
  expect(nodes[0]?.tab?.shell.peers().map(({ visibility }) => visibility)).toEqual(Array(5).fill('hidden'))
  for (let round = 0; round < 5; round++) {
    const question = ask(swarm)
    await question.answered()
    expect(question.answer()).toMatchObject({ verdict: expect.anything() })
  }
  for (const { counts } of nodes) expect(counts['away:standstill']).toBeUndefined()
  expect(witness.violations).toEqual([])
})

test('AWAY-4: offline, the asker’s own model answers, and says so; back online, the swarm is there again', async () => {
  const swarm = await openSwarm(4, { msPerToken: 5 })
  const { clock, network, nodes, witness } = swarm
  const [asker] = nodes
  const others = nodes.slice(1).flatMap(({ id }) => id ?? []) as NodeId[]
  network.partition([others])
  asker?.tab?.device.change({ online: false })
  await clock.advanceBy(5000)
  expect(asker?.tab?.shell.status()).toMatchObject({ online: false, mesh: { links: [] } })
  const alone = ask(swarm)
  await alone.answered()
  expect(alone.answer()).toMatchObject({ verdict: null, view: { outcome: 'alone' } })
  network.heal()
  asker?.tab?.device.change({ online: true })
  await clock.advanceBy(2000)
  const together = ask(swarm)
  await together.answered()
  expect(together.answer()).toMatchObject({ verdict: expect.anything() })
  expect(witness.violations).toEqual([])
})

test('AWAY-6: the screen is kept on while the engine is at work, whoever asked, and not before or after', async () => {
  const swarm = await openSwarm(3, { msPerToken: 50 })
  const awake = () => swarm.nodes.map(({ tab }) => tab?.device.awake ?? false)
  expect(awake()).toEqual([false, false, false])
  const question = ask(swarm)
  await question.until(() => awake().filter(Boolean).length >= 2)
  await question.answered()
  await swarm.clock.advanceBy(2000)
  expect(awake()).toEqual([false, false, false])
})
