import { expect, test } from 'vitest'
import { backoffMs, nextStep, type Crowd } from '#core/swarm/backpressure.ts'

const crowd: Crowd = { others: 11, free: 11, seats: 7, waitedMs: 0, unanswered: 0 }
const next = (change: Partial<Crowd>) => nextStep({ ...crowd, ...change })

test('LEAD-9: a question goes out at once where half of the seats find somebody free, or nobody else is there', () => {
  expect(next({})).toEqual({ kind: 'open', patient: true })
  expect(next({ free: 4 })).toEqual({ kind: 'open', patient: true })
  expect(next({ others: 2, free: 2 })).toEqual({ kind: 'open', patient: true })
  expect(next({ others: 0, free: 0, seats: 0 })).toEqual({ kind: 'open', patient: false })
})

test('LEAD-9: it waits 5 s for company, a minute for anybody, and never longer', () => {
  expect(next({ free: 3 })).toEqual({ kind: 'wait', atMostMs: 5000 })
  expect(next({ free: 0, waitedMs: 1000 })).toEqual({ kind: 'wait', atMostMs: 4000 })
  expect(next({ free: 1, waitedMs: 5000 })).toEqual({ kind: 'open', patient: true })
  expect(next({ free: 0, waitedMs: 5000 })).toEqual({ kind: 'wait', atMostMs: 55_000 })
  expect(next({ free: 0, waitedMs: 60_000 })).toEqual({ kind: 'open', patient: false })
})

test('LEAD-9: the third opening in vain, though some say they are free, is the last', () => {
  expect(next({ unanswered: 1 })).toEqual({ kind: 'open', patient: true })
  expect(next({ unanswered: 2 })).toEqual({ kind: 'open', patient: false })
})

test('LEAD-9: the wait after an opening in vain doubles, is bounded, and differs from asker to asker', () => {
  expect([1, 2, 3].map((openings) => backoffMs(openings, 1))).toEqual([250, 500, 1000])
  expect(backoffMs(100, 1)).toBe(8000)
  expect(backoffMs(1, 0)).toBe(125)
})
