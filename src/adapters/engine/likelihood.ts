import type { Judging } from './catalogue.ts'
import type { Vocabulary } from './gguf-vocabulary.ts'

/**
 * Judging by likelihood: the model is made to say the answer, by a grammar that allows nothing else, and its
 * log-probabilities for each forced token are added up. llama.cpp reports them from the raw logits, before the
 * grammar and the temperature, so forcing does not change them.
 */

/** Log-probability of an answer and the end token, and how many tokens that was. */
export interface Likelihood {
  readonly logProbability: number
  /** That of the least likely token: one slip in a long answer shows here, and not in the mean. */
  readonly weakest: number
  readonly tokens: number
}

/** From the log-probabilities of an answer's tokens, its end included. */
export function likelihoodOf(logProbabilities: readonly number[]): Likelihood {
  return {
    logProbability: logProbabilities.reduce((sum, value) => sum + value, 0),
    weakest: Math.min(0, ...logProbabilities),
    tokens: logProbabilities.length,
  }
}

/** A grammar whose only sentence is this text. Everything but plain letters and digits is escaped: it stays data. */
export function grammarOf(text: string): string {
  const escaped = text.replace(/[^A-Za-z0-9 ]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`
  })
  return `root ::= "${escaped}"`
}

const hex = (code: number, digits: number): string => code.toString(16).padStart(digits, '0')

/**
 * The nearest text that the vocabulary can spell in whole characters. llama.cpp in WASM crashes when it reports the
 * probability of a token that is only part of a character, so accents are taken off where the letter has no token of
 * its own, and what is left becomes a question mark.
 */
export function spellable(text: string, { alphabet }: { alphabet: Pick<Vocabulary['alphabet'], 'has'> }): string {
  // In llama.cpp's grammars, NUL is the end of a rule.
  const hasToken = (character: string): boolean => character !== '\0' && alphabet.has(character)
  return Array.from(text, (character) => {
    if (hasToken(character)) return character
    const plain = PLAIN_PUNCTUATION.get(character) ?? character.normalize('NFKD').replace(/\p{M}/gu, '')
    return plain !== '' && [...plain].every(hasToken) ? plain : '?'
  }).join('')
}

const PLAIN_PUNCTUATION: ReadonlyMap<string, string> = new Map([
  ['‘', "'"],
  ['’', "'"],
  ['“', '"'],
  ['”', '"'],
  ['–', '-'],
  ['—', '-'],
  ['−', '-'],
])

/** Maps a likelihood, and that of the same answer to the empty prompt where `pmi` wants it, to [0, 1]. */
export function qualityOf(judging: Judging, given: Likelihood, alone: Likelihood | null): number {
  const { slope, intercept } = judging.calibration
  return 1 / (1 + Math.exp(-(slope * evidence(judging, given, alone) + intercept)))
}

function evidence(judging: Judging, given: Likelihood, alone: Likelihood | null): number {
  switch (judging.normalisation) {
    case 'sum':
      return given.logProbability
    case 'mean':
      return given.logProbability / given.tokens
    case 'pmi':
      return given.logProbability - (alone?.logProbability ?? 0)
    case 'weakest':
      return given.weakest
  }
}
