import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isWorthTelling, noteWriting, speedAtLoad, speedOf, type Writing } from '#core/swarm/speed.ts'

const LOADED = { prefillTokensPerSecond: 120, decodeTokensPerSecond: 30, judgeTokensPerSecond: 60 }

/** An answer of so many tokens at a speed, after its prompt was read. */
const written = (tokens: number, perSecond: number, readingMs = 0): Writing => {
  const eachMs = 1000 / perSecond
  return { tokens, tookMs: readingMs + tokens * eachMs, writingMs: (tokens - 1) * eachMs }
}

const after = (...writings: Writing[]) => speedOf(writings.reduce(noteWriting, speedAtLoad(LOADED)))

describe('how fast an engine is', () => {
  test('FIT-3: the speed measured at load holds until an answer shows that it is faster, and reading with it', () => {
    expect(after()).toEqual(LOADED)
    expect(after(written(24, 300))).toEqual({
      prefillTokensPerSecond: 1200,
      decodeTokensPerSecond: 300,
      judgeTokensPerSecond: 600,
    })
    // Two tokens are enough to show that it is no slower than that.
    expect(after(written(2, 300)).decodeTokensPerSecond).toBe(300)
  })

  test('FIT-3: a long prompt makes no writer slow', () => {
    const longPrompt = written(24, 30, 5000)
    expect(after(longPrompt, longPrompt, longPrompt)).toEqual(LOADED)
  })

  test('FIT-3: three answers in a row that were written slower make it slower, and one does not', () => {
    const slow = written(24, 6)
    expect(after(slow)).toEqual(LOADED)
    expect(after(slow, slow, written(24, 30))).toEqual(LOADED)
    expect(after(slow, slow, slow)).toEqual({
      prefillTokensPerSecond: 24,
      decodeTokensPerSecond: 6,
      judgeTokensPerSecond: 12,
    })
  })

  test('FIT-3: pieces that arrive all at once, or short answers, make it neither faster nor slower', () => {
    const burst = { tokens: 24, tookMs: 4000, writingMs: 0.001 }
    expect(after(burst, burst, burst)).toEqual(LOADED)
    const short = written(3, 6)
    expect(after(short, short, short)).toEqual(LOADED)
    expect(after({ tokens: 0, tookMs: 10, writingMs: 0 }, { tokens: 5, tookMs: 0, writingMs: 0 })).toEqual(LOADED)
  })

  test('FIT-3: whatever was written, a speed fits an offer', () => {
    const anyWriting = fc.record({ tokens: fc.nat(4096), tookMs: fc.nat(1e6), writingMs: fc.nat(1e6) })
    fc.assert(
      fc.property(fc.array(anyWriting, { maxLength: 6 }), (writings) => {
        for (const speed of Object.values(after(...writings))) {
          expect(Number.isInteger(speed) && speed >= 1 && speed <= 1 << 20).toBe(true)
        }
      }),
    )
  })

  test('FIT-3: a change of more than a quarter is worth telling', () => {
    const at = (decodeTokensPerSecond: number) => ({ ...LOADED, decodeTokensPerSecond })
    expect([70, 81, 100, 124, 126].map((now) => isWorthTelling(at(100), at(now)))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ])
  })
})
