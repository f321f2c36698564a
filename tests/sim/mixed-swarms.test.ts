import { describe, expect, test } from 'vitest'
import { openedOf } from '#core/session/lookup.ts'
import type { MessageOf } from '#core/protocol/messages.ts'
import { workOf } from '#core/swarm/fit.ts'
import type { Answer } from '#shell/facade.ts'
import { proseOf } from '#support/prose.ts'
import { simulateSoundly } from '#support/sim-expectations.ts'
import { countEndings } from '#support/sim-report.ts'
import { ALL_TROUBLES, NO_TROUBLES } from '#support/sim-troubles.ts'
import type { Asked, SimulationOptions } from '#support/simulation.ts'
import { PROFILES, type ProfileName } from '#support/speed-profiles.ts'

/** Devices of every kind in one swarm, at speeds that were measured or are assumed (tests/support/speed-profiles.ts). */

const MANY: readonly ProfileName[] = [
  'workstation',
  'laptop',
  'phone',
  'laptop with graphics',
  'laptop',
  'old phone',
  'workstation',
  'laptop, 135M',
  'phone',
  'laptop with graphics',
  'old phone, 135M',
  'laptop',
]

/** Some fifty words, at a few tokens a second or hundreds. */
const ANSWER_BYTES = 300
const MAX_TOKENS = 200

interface Told {
  readonly asked: Asked
  readonly answer: Answer
  readonly opened: MessageOf<'session-opened'> | undefined
}

/** A world of such devices, each serving a model named after it. `loaded`: from the first question on. */
async function mixedWorld(profiles: readonly ProfileName[], rest: Omit<SimulationOptions, 'nodes'>, loaded = false) {
  const told: Told[] = []
  const report = await simulateSoundly({
    nodes: profiles.length,
    questionEveryMs: 20_000,
    cancelled: 0,
    maxTokens: MAX_TOKENS,
    troubles: NO_TROUBLES,
    sharedOperators: 0,
    engineOf: (index) => {
      const name = profiles[index] ?? 'laptop'
      return {
        ...PROFILES[name],
        ...(loaded ? { loadMs: 50 } : {}),
        modelId: name,
        answer: (_, { seed }) => proseOf(seed, ANSWER_BYTES),
      }
    },
    onAnswer: (asked, answer) => {
      const state = asked.asker.stateOf(answer.session)
      told.push({ asked, answer, opened: state && openedOf(state.record)?.message })
    },
    ...rest,
  })
  return { report, told }
}

const profileOf = (model: string) => PROFILES[model as ProfileName]

function speedOf(model: string) {
  const { speed, instrument } = profileOf(model)
  const judge = instrument === 'rating' ? speed.prefill : speed.decode
  return { prefillTokensPerSecond: speed.prefill, decodeTokensPerSecond: speed.decode, judgeTokensPerSecond: judge }
}

/** Seats whose holder could not have been done in time by its own measured speed. */
function hopelessSeats({ answer: { view }, opened }: Told): string[] {
  if (!opened) return []
  const { deadlines, needs, maxTokens } = opened
  const workAt = (model: string) => workOf(speedOf(model), { promptTokens: 20, maxTokens }, needs.executors)
  return [
    ...view.executors.filter(({ model }) => workAt(model).executeMs > deadlines.executeMs),
    ...view.verifiers.filter(({ model }) => workAt(model).verifyMs > deadlines.verifyMs),
  ].map(({ model }) => model)
}

/** Whether the verdict says so where a judge was of a lower tier than the largest answer, and only there. */
function saysWhoJudged({ answer: { view, verdict } }: Told): boolean {
  const counted = { executors: seated(view.executors), verifiers: seated(view.verifiers) }
  const top = Math.max(...counted.executors)
  const below = counted.verifiers.some((tier) => tier < top)
  return verdict === null || verdict.doubtful.includes('lower-tier-judge') === below
}

const seated = (seats: readonly { state: string; model: string }[]) =>
  seats.filter(({ state }) => state === 'revealed').map(({ model }) => profileOf(model).tier)

const waitMs = ({ asked }: Told) => asked.endedAtMs - asked.askedAtMs

function promisedMs({ opened }: Told): number {
  if (!opened) return Infinity
  const { joinMs, executeMs, verifyMs, finalizeMs } = opened.deadlines
  return joinMs + executeMs + verifyMs + 4 * finalizeMs
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0

function expectKept(told: readonly Told[]): void {
  expect(told.flatMap(hopelessSeats), 'seats that their holders could not fill in time').toEqual([])
  expect(told.filter((one) => !saysWhoJudged(one))).toEqual([])
  expect(told.filter((one) => waitMs(one) > promisedMs(one))).toEqual([])
}

describe('a swarm of every kind of device', () => {
  test('LEAD-11, FIT-2, VER-4: answers each question in the time that it promised, and says who judged', async () => {
    const { report, told } = await mixedWorld(MANY, { seed: 31, sessions: 15 })
    expect(countEndings(report)).toMatchObject({ verdicts: 15 })
    expectKept(told)
    const flagged = told.filter(({ answer }) => answer.verdict?.doubtful.includes('lower-tier-judge')).length
    const models = new Set(told.flatMap(({ answer }) => answer.view.executors.map(({ model }) => model)))
    console.log(
      `${MANY.length} devices: half of the answers within ${Math.round(median(told.map(waitMs)))} ms, ` +
        `${flagged} of 15 judged by some smaller model, answers by ${[...models].sort().join(', ')}`,
    )
  })

  test('keeps its word with everything at once', async () => {
    const { told } = await mixedWorld(MANY, { seed: 32, sessions: 12, troubles: ALL_TROUBLES })
    expect(told.flatMap(hopelessSeats)).toEqual([])
    expect(told.filter((one) => !saysWhoJudged(one))).toEqual([])
  })

  test('ROLE-8, ROLE-9: a lone large model answers, embedded ones judge it, and the verdict says so', async () => {
    const lone: readonly ProfileName[] = ['laptop', 'laptop', 'laptop', 'laptop', 'laptop with graphics']
    const { told } = await mixedWorld(lone, { seed: 33, sessions: 8 }, true)
    expectKept(told)
    for (const { answer } of told) {
      expect(answer.view.executors.map(({ model }) => model)).toContain('laptop with graphics')
      expect(answer.verdict?.doubtful).toContain('lower-tier-judge')
    }
  })

  test('ROLE-9: two large models are enough for one to judge the other', async () => {
    const pair: readonly ProfileName[] = ['laptop with graphics', 'laptop', 'laptop with graphics']
    const { told } = await mixedWorld(pair, { seed: 34, sessions: 6 }, true)
    expectKept(told)
    for (const { answer } of told) expect(answer.verdict?.doubtful).not.toContain('lower-tier-judge')
  })
})

describe('one slow device among fast ones', () => {
  const FAST: readonly ProfileName[] = Array.from({ length: 7 }, () => 'laptop')
  /** Half of the answers may come later by this factor, because of one phone more. */
  const MOST_GROWTH = 1.25

  test.each<ProfileName>(['phone', 'old phone', 'old phone, 135M'])(
    'LEAD-11: %s does not keep a fast swarm waiting',
    async (slow) => {
      const world = { seed: 35, sessions: 12 }
      const without = await mixedWorld(FAST, world)
      const withSlow = await mixedWorld([...FAST, slow], world)
      expectKept(withSlow.told)
      const before = median(without.told.map(waitMs))
      const after = median(withSlow.told.map(waitMs))
      console.log(`half of the answers within ${Math.round(before)} ms, with one ${slow} ${Math.round(after)} ms`)
      expect(after).toBeLessThan(before * MOST_GROWTH)
    },
  )
})
