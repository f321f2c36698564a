import type { Reader } from '../judge.ts'
import { GRADES } from '../rating.ts'
import type { OnnxModelInMemory } from './model-in-memory.ts'

/** Reads answers and judging prompts in one pass each. */
export const readerOf = (model: OnnxModelInMemory): Reader => ({
  asData: (text) => model.asData(text),

  async logProbabilities(messages, answer, signal) {
    signal?.throwIfAborted()
    const { tokenizer } = model
    const answered = [...tokenizer.encodeText(model.asData(answer)), tokenizer.endToken]
    const prompt = model.fitting(messages, answered.length)
    return prompt && model.score(prompt, answered, signal)
  },

  async grades(messages, signal) {
    const prompt = model.fitting(messages, 1)
    return prompt && model.nextOf(prompt, GRADES, signal)
  },
})
