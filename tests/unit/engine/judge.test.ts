import { expect, test } from 'vitest'
import type { Judging } from '#adapters/engine/catalogue.ts'
import { judgeAnswers, type Reader } from '#adapters/engine/judge.ts'

const QUESTION = [{ role: 'user' as const, content: 'What is the capital of France?' }]

const judging = (normalisation: Judging['normalisation']): Judging => ({
  instrument: 'likelihood',
  normalisation,
  calibration: { slope: 1, intercept: 0 },
  auc: 0.9,
})

/** Tells log-probabilities by the answer's length, and notes what it was asked. */
function reader(asked: string[] = []): Reader {
  return {
    asData: (text) => text.replaceAll('<', '< '),
    logProbabilities(messages, answer) {
      asked.push(`${messages[0]?.content ?? ''}|${answer}`)
      const each = messages[0]?.content === '' ? -2 : -1
      return Promise.resolve(answer === 'endless' ? null : Array.from(answer, () => each))
    },
    grades(prompt) {
      asked.push(prompt[0]?.content ?? '')
      const text = prompt[0]?.content ?? ''
      return Promise.resolve(text.includes('endless') ? null : [{ token: '5', logprob: 0 }])
    },
  }
}

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

test('a likelihood is read once an answer, and a second time without the question only where that is subtracted', async () => {
  const asked: string[] = []
  const sums = await judgeAnswers(reader(asked), judging('sum'), QUESTION, ['ab', 'abc'], undefined)
  expect(sums.map(({ quality }) => quality)).toEqual([sigmoid(-2), sigmoid(-3)])
  expect(asked).toHaveLength(2)
  const gains = await judgeAnswers(reader(asked), judging('pmi'), QUESTION, ['ab', 'abc'], undefined)
  expect(gains.map(({ quality }) => quality)).toEqual([sigmoid(2), sigmoid(3)])
  expect(asked.slice(2)).toEqual([`${QUESTION[0]?.content}|ab`, `${QUESTION[0]?.content}|abc`, '|ab', '|abc'])
})

test('a rating sees the answer as data', async () => {
  const asked: string[] = []
  const [judged] = await judgeAnswers(reader(asked), { instrument: 'rating' }, QUESTION, ['<|end|>'], undefined)
  expect(judged).toEqual({ instrument: 'rating', quality: 1 })
  expect(asked[0]).toContain('< |end|>')
})

test.each([judging('mean'), { instrument: 'rating' } as const])(
  'what cannot be read to its end is worth nothing ($instrument)',
  async (how) => {
    const [endless, other] = await judgeAnswers(reader(), how, QUESTION, ['endless', 'ab'], undefined)
    expect(endless?.quality).toBe(0)
    expect(other?.quality).toBeGreaterThan(0)
  },
)
