import { describe, expect, test } from 'vitest'
import { runLoadWorld, type AskerScript, type LoadReport } from '#support/load-world.ts'

/** Many who ask at once: real shells over a calm network in virtual time, with engines of known speed. */

const WORLD = { seed: 1, nodes: 12, msPerToken: 20, answerTokens: 20, judgeMs: 60 }

const askers = (from: number, to: number, questions: number): AskerScript[] =>
  Array.from({ length: to - from }, (_, index) => ({ node: from + index, atOnce: 1, questions }))

/** As fast as it can, with more out than its own node lets through. */
const greedy = (node: number): AskerScript => ({ node, atOnce: 16, questions: Infinity })

function tookOf({ questions }: LoadReport, nodes: (node: number) => boolean): number[] {
  return questions.flatMap(({ node, tookMs }) => (nodes(node) ? [tookMs] : [])).sort((a, b) => a - b)
}

const p95 = (sorted: readonly number[]) => sorted[Math.ceil(0.95 * sorted.length) - 1] ?? Number.NaN
const mean = (list: readonly number[]) => list.reduce((sum, item) => sum + item, 0) / list.length

describe('ten who ask at once', () => {
  test('LEAD-9: all get verdicts, every time, and nothing that waits is without a bound', async () => {
    const report = await runLoadWorld({ ...WORLD, askers: askers(0, 10, 3) })
    expect(report.violations).toEqual([])
    expect(report.questions.map(({ ending }) => ending)).toEqual(Array(30).fill('answered'))
    expect(report.counters['declined:busy']).toBeGreaterThan(0)
    console.log(
      `ten at once: mean ${Math.round(mean(tookOf(report, () => true)))} ms, all done in ${report.lastedMs} ms`,
    )
  })

  test('JOIN-4, JOIN-5, LEAD-10: whoever asks as fast as it can costs nine modest ones little', async () => {
    const modest = askers(1, 10, 3)
    const without = await runLoadWorld({ ...WORLD, askers: modest })
    const beside = await runLoadWorld({ ...WORLD, askers: [...modest, greedy(0)] })
    expect([...without.violations, ...beside.violations]).toEqual([])
    expect(beside.questions.filter(({ ending }) => ending !== 'answered')).toEqual([])
    const [calm, pressed] = [tookOf(without, () => true), tookOf(beside, (node) => node > 0)]
    console.log(`modest ones: mean ${Math.round(mean(calm))} ms, beside a greedy one ${Math.round(mean(pressed))} ms`)
    console.log(`p95 ${Math.round(p95(calm))} ms, beside a greedy one ${Math.round(p95(pressed))} ms`)
    // One asker more makes ten of nine; whatever else it costs is what these rules are to keep small.
    expect(mean(pressed)).toBeLessThan(1.6 * mean(calm))
    expect(p95(pressed)).toBeLessThan(2 * p95(calm))
    expect(tookOf(beside, (node) => node === 0).length).toBeGreaterThan(0)
  })

  test('JOIN-4: a greedy person gains little by opening three tabs', async () => {
    const modest = askers(3, 9, 3)
    const owners = { 0: 'greedy', 1: 'greedy', 2: 'greedy' }
    const without = await runLoadWorld({ ...WORLD, owners, askers: modest })
    const beside = await runLoadWorld({ ...WORLD, owners, askers: [...modest, greedy(0), greedy(1), greedy(2)] })
    expect([...without.violations, ...beside.violations]).toEqual([])
    expect(beside.questions.filter(({ node, ending }) => node > 2 && ending !== 'answered')).toEqual([])
    const [calm, pressed] = [tookOf(without, () => true), tookOf(beside, (node) => node > 2)]
    console.log(`modest ones: mean ${Math.round(mean(calm))} ms, beside three tabs ${Math.round(mean(pressed))} ms`)
    expect(mean(pressed)).toBeLessThan(2 * mean(calm))
  })
})
