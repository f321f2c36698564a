import { describe, expect, it } from 'vitest'
import fc from 'fast-check'
import type { Judging } from '#adapters/engine/catalogue.ts'
import { grammarOf, likelihoodOf, qualityOf, spellable } from '#adapters/engine/likelihood.ts'

const anyText = fc.string({ unit: fc.integer({ min: 0, max: 0x10ffff }).map((code) => String.fromCodePoint(code)) })

describe('grammarOf', () => {
  it('escapes whatever could mean something in a grammar', () => {
    expect(grammarOf('a"b\\c\n')).toBe(String.raw`root ::= "a\u0022b\u005cc\u000a"`)
    expect(grammarOf('é😀')).toBe(String.raw`root ::= "\u00e9\U0001f600"`)
    expect(grammarOf('')).toBe('root ::= ""')
  })

  it('never lets a text out of its quotes', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(grammarOf(text)).toMatch(/^root ::= "(?:[A-Za-z0-9 ]|\\u[0-9a-f]{4}|\\U[0-9a-f]{8})*"$/)
      }),
    )
  })
})

describe('spellable', () => {
  const alphabet = new Set([...'aeü?\'" -', '\0'])

  it('keeps what the vocabulary can spell', () => {
    expect(spellable('a ü e', { alphabet })).toBe('a ü e')
  })

  it('takes off accents, straightens quotes, and marks the rest', () => {
    expect(spellable('é ’a‘ “a” –', { alphabet })).toBe('e \'a\' "a" -')
    expect(spellable('😀 b \0 \ud800', { alphabet })).toBe('? ? ? ?')
  })

  it('always yields letters of the alphabet other than NUL', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        for (const letter of spellable(text, { alphabet })) expect(alphabet.has(letter) && letter !== '\0').toBe(true)
      }),
    )
  })
})

describe('qualityOf', () => {
  const judging = (normalisation: Judging['normalisation'], slope = 1, intercept = 0): Judging => ({
    instrument: 'likelihood',
    normalisation,
    calibration: { slope, intercept },
    auc: 0.9,
  })
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))
  const given = likelihoodOf([-1, -4, -1])

  it('calibrates the sum, the mean, the gain over the empty prompt, or the least likely token', () => {
    expect(qualityOf(judging('sum'), given, null)).toBe(sigmoid(-6))
    expect(qualityOf(judging('mean'), given, null)).toBe(sigmoid(-2))
    expect(qualityOf(judging('pmi'), given, likelihoodOf([-10]))).toBe(sigmoid(4))
    expect(qualityOf(judging('weakest'), given, null)).toBe(sigmoid(-4))
    expect(qualityOf(judging('sum', 0.5, 3), given, null)).toBe(sigmoid(0))
  })

  it('stays in [0, 1] for impossible answers', () => {
    expect(qualityOf(judging('sum'), likelihoodOf([-3.4e38 * 1000]), null)).toBe(0)
  })
})
