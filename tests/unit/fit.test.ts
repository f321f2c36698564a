import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deadlinesFor } from '#core/swarm/candidates.ts'
import { rolesThatFit, workOf } from '#core/swarm/fit.ts'

const anySpeed = fc.record({
  prefillTokensPerSecond: fc.integer({ min: 1, max: 10_000 }),
  decodeTokensPerSecond: fc.integer({ min: 1, max: 2000 }),
  judgeTokensPerSecond: fc.integer({ min: 1, max: 10_000 }),
})
const anyTask = fc.record({
  promptTokens: fc.integer({ min: 1, max: 4000 }),
  maxTokens: fc.integer({ min: 1, max: 4096 }),
})

describe('whether work fits', () => {
  test('FIT-1: time follows from measured speeds and the longest texts', () => {
    const phone = { prefillTokensPerSecond: 50, decodeTokensPerSecond: 5, judgeTokensPerSecond: 20 }
    expect(workOf(phone, { promptTokens: 100, maxTokens: 200 }, 3)).toEqual({ executeMs: 42_000, verifyMs: 36_000 })
  })

  test('FIT-2: a phone at 5 tokens/s answers no 512 tokens within 15 s, and judges if it reads fast enough', () => {
    const opening = { maxTokens: 512, needs: { executors: 2, verifiers: 2 }, deadlines: deadlinesFor(NO_TIME) }
    const phone = { prefillTokensPerSecond: 300, decodeTokensPerSecond: 5, judgeTokensPerSecond: 300 }
    expect(rolesThatFit(phone, opening)).toEqual({ executes: false, verifies: true })
    expect(rolesThatFit({ ...phone, judgeTokensPerSecond: 5 }, opening)).toEqual({ executes: false, verifies: false })
  })

  test('FIT-2: what fits takes half of its deadline at the most; whoever sets the pace fits unless minutes are too few', () => {
    fc.assert(
      fc.property(anySpeed, anyTask, fc.integer({ min: 1, max: 4 }), (speed, task, executors) => {
        const deadlines = deadlinesFor(workOf(speed, task, executors))
        const { executes, verifies } = rolesThatFit(speed, { ...task, needs: { executors, verifiers: 1 }, deadlines })
        const bare = workOf(speed, { ...task, promptTokens: 0 }, executors)
        expect(executes).toBe(2 * bare.executeMs <= deadlines.executeMs)
        expect(verifies).toBe(2 * bare.verifyMs <= deadlines.verifyMs)
        if (deadlines.executeMs < 600_000) expect(executes).toBe(true)
        if (deadlines.verifyMs < 600_000) expect(verifies).toBe(true)
      }),
    )
  })
})

const NO_TIME = { executeMs: 0, verifyMs: 0 }
