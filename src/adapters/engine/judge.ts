import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Judgement } from '#ports/engine.ts'
import type { Judging } from './catalogue.ts'
import { likelihoodOf, qualityOf, type Likelihood } from './likelihood.ts'
import type { Rating } from './opened-model.ts'
import { qualityOfGrades, ratingPrompt, type RatedToken } from './rating.ts'

/** What judging needs of a model, whoever computes it. Messages are data already, and fit the context. */
export interface Reader {
  /** An answer as it may stand in a message. */
  asData(text: string): string
  /** Log-probabilities of an answer's tokens, its end included; null for an answer that the context cannot hold. */
  logProbabilities(
    messages: readonly ChatMessage[],
    answer: string,
    signal: AbortSignal | undefined,
  ): Promise<readonly number[] | null>
  /** Probabilities of the grades as the next token; null for a prompt that the context cannot hold. */
  grades(prompt: readonly ChatMessage[], signal: AbortSignal | undefined): Promise<readonly RatedToken[] | null>
}

const EMPTY_PROMPT: readonly ChatMessage[] = [{ role: 'user', content: '' }]

/** Judges each answer by itself. What the model cannot read to its end, it cannot vouch for: that is worth nothing. */
export async function judgeAnswers(
  reader: Reader,
  judging: Judging | Rating,
  messages: readonly ChatMessage[],
  answers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Judgement[]> {
  const { instrument } = judging
  if (instrument === 'rating') {
    const judgements: Judgement[] = []
    for (const answer of answers) {
      const grades = await reader.grades(ratingPrompt(messages, reader.asData(answer)), signal)
      judgements.push({ instrument, quality: (grades && qualityOfGrades(grades)) ?? 0 })
    }
    return judgements
  }
  // One prompt after the other, as engines keep what they read last.
  const given = await likelihoods(reader, messages, answers, signal)
  const alone = judging.normalisation === 'pmi' ? await likelihoods(reader, EMPTY_PROMPT, answers, signal) : []
  return given.map((likelihood, index) => ({
    instrument,
    quality: likelihood ? qualityOf(judging, likelihood, alone[index] ?? null) : 0,
  }))
}

async function likelihoods(
  reader: Reader,
  messages: readonly ChatMessage[],
  answers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(Likelihood | null)[]> {
  const found: (Likelihood | null)[] = []
  for (const answer of answers) {
    const logProbabilities = await reader.logProbabilities(messages, answer, signal)
    found.push(logProbabilities && likelihoodOf(logProbabilities))
  }
  return found
}
