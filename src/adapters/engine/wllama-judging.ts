import { ModelDamagedError } from '#ports/engine.ts'
import type { Vocabulary } from './gguf-vocabulary.ts'
import type { Reader } from './judge.ts'
import { grammarOf, spellable } from './likelihood.ts'
import { asData } from './prompt-text.ts'
import { PromptTooLongError } from './prompt-too-long.ts'
import { GRADES } from './rating.ts'
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

const MOST_BIAS = 100

/** llama.cpp reads an answer by being made to say it, token by token, and a grade by being offered nothing else. */
export const readerOf = ({ runtime, vocabulary, contextTokens, banned, marks }: Bench): Reader => ({
  asData: (text) => asData(text, marks),

  async logProbabilities(messages, answer, signal) {
    const reply = await runtime.complete({
      messages,
      grammar: grammarOf(spellable(answer, vocabulary)),
      temperature: 0,
      max_tokens: contextTokens,
      logprobs: true,
      top_logprobs: 1,
      logit_bias: [...banned, ...ban(vocabulary.brokenTokens)],
      ...(signal && { abortSignal: signal }),
    })
    const [choice] = reply.choices
    if (choice?.finish_reason !== 'stop') return null
    return (choice.logprobs?.content ?? []).map(({ logprob }) => logprob ?? -Infinity)
  },

  async grades(prompt, signal) {
    try {
      const reply = await runtime.complete({
        messages: prompt,
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
      return (first?.top_probs ?? []).map(({ token, prob }) => ({ token, logprob: Math.log(prob) }))
    } catch (error) {
      if (error instanceof PromptTooLongError) return null
      throw error
    }
  },
})

/** The same for all grades, so their proportions stay what they were. */
export function gradesOnly({ alphabet }: Vocabulary): Bias {
  return GRADES.map((grade) => {
    const token = alphabet.get(grade)
    if (token === undefined) throw new ModelDamagedError(`The model has no token for the grade ${grade}.`)
    return [token, MOST_BIAS]
  })
}
