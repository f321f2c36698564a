import type { ChatMessage } from '#core/protocol/messages.ts'
import { ModelDamagedError, type Judgement } from '#ports/engine.ts'
import type { Judging } from './catalogue.ts'
import type { Vocabulary } from './gguf-vocabulary.ts'
import { grammarOf, likelihoodOf, qualityOf, spellable, type Likelihood } from './likelihood.ts'
import { asData } from './prompt-text.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { GRADES, qualityOfGrades, ratingPrompt } from './rating.ts'
import { ban, type Bias, type WllamaRuntime } from './wllama-runtime.ts'

/** A loaded model, as far as judging needs it. */
export interface Bench {
  readonly runtime: WllamaRuntime
  readonly vocabulary: Vocabulary
  readonly contextTokens: number
  /** What must not be said. */
  readonly banned: Bias
  /** Texts that a message must not hold. */
  readonly marks: readonly string[]
}

const EMPTY_PROMPT: readonly ChatMessage[] = [{ role: 'user', content: '' }]

/** By how likely the model finds each answer. `messages` are data already. */
export async function judgeByLikelihood(
  bench: Bench,
  judging: Judging,
  messages: readonly ChatMessage[],
  answers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Judgement[]> {
  const texts = answers.map((answer) => spellable(answer, bench.vocabulary))
  const given = await likelihoods(bench, messages, texts, signal)
  const alone = judging.normalisation === 'pmi' ? await likelihoods(bench, EMPTY_PROMPT, texts, signal) : []
  return given.map((likelihood, index) => ({
    instrument: judging.instrument,
    // What this model cannot read to its end, it cannot vouch for.
    quality: likelihood ? qualityOf(judging, likelihood, alone[index] ?? null) : 0,
  }))
}

/** Null for an answer that the context cannot hold. */
async function likelihoods(
  { runtime, vocabulary, contextTokens, banned }: Bench,
  messages: readonly ChatMessage[],
  texts: readonly string[],
  signal: AbortSignal | undefined,
): Promise<(Likelihood | null)[]> {
  const results: (Likelihood | null)[] = []
  for (const text of texts) {
    const reply = await runtime.complete({
      messages,
      grammar: grammarOf(text),
      temperature: 0,
      max_tokens: contextTokens,
      logprobs: true,
      top_logprobs: 1,
      logit_bias: [...banned, ...ban(vocabulary.brokenTokens)],
      ...(signal && { abortSignal: signal }),
    })
    const [choice] = reply.choices
    const forced = (choice?.logprobs?.content ?? []).map(({ logprob }) => logprob ?? -Infinity)
    results.push(choice?.finish_reason === 'stop' ? likelihoodOf(forced) : null)
  }
  return results
}

const MOST_BIAS = 100

/** By the grade that the model expects each answer to deserve. `messages` are data already. */
export async function judgeByRating(
  { runtime, vocabulary, marks }: Bench,
  messages: readonly ChatMessage[],
  answers: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Judgement[]> {
  const judgements: Judgement[] = []
  for (const answer of answers) {
    try {
      const reply = await runtime.complete({
        messages: ratingPrompt(messages, asData(answer, marks)),
        max_tokens: 1,
        // The probabilities that are reported are those after bias and temperature, so all of them are the grades'.
        post_sampling_probs: true,
        logprobs: true,
        top_logprobs: GRADES.length,
        temperature: 1,
        top_k: 0,
        top_p: 1,
        min_p: 0,
        seed: 0,
        logit_bias: gradesOnly(vocabulary),
        ...(signal && { abortSignal: signal }),
      })
      const [first] = reply.choices[0]?.logprobs?.content ?? []
      const seen = (first?.top_probs ?? []).map(({ token, prob }) => ({ token, logprob: Math.log(prob) }))
      judgements.push({ instrument: 'rating', quality: qualityOfGrades(seen) ?? 0 })
    } catch (error) {
      if (!(error instanceof PromptTooLongError)) throw error
      judgements.push({ instrument: 'rating', quality: 0 })
    }
  }
  return judgements
}

/** The same for all grades, so their proportions stay what they were. */
export function gradesOnly({ alphabet }: Vocabulary): Bias {
  return GRADES.map((grade) => {
    const token = alphabet.get(grade)
    if (token === undefined) throw new ModelDamagedError(`The model has no token for the grade ${grade}.`)
    return [token, MOST_BIAS]
  })
}
