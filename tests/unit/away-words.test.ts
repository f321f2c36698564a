import { expect, test } from 'vitest'
import { sleptWords } from '#ui/words/away-words.ts'

test.each([
  [8_000, 1, 'This device stood still for a moment, and a question was lost meanwhile. Ask again.'],
  [600_000, 2, 'This device stood still for 10 minutes, and 2 questions were lost meanwhile. Ask again.'],
  [3 * 3_600_000, 1, 'This device stood still for 3 hours, and a question was lost meanwhile. Ask again.'],
])('AWAY-3: %i ms of standstill and %i lost questions in one sentence', (durationMs, questionsLost, sentence) => {
  expect(sleptWords({ durationMs, questionsLost })).toBe(sentence)
})
