import type { ChatMessage } from '#core/protocol/messages.ts'
import { chatTemplateOf } from '#adapters/engine/chat-template.ts'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { readVocabulary } from '#adapters/engine/gguf-vocabulary.ts'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { ortInTab } from '#adapters/engine/onnx/ort-in-tab.ts'
import { likeliest, logProbability } from '#adapters/engine/onnx/sampler.ts'
import { ban, WllamaRuntime } from '#adapters/engine/wllama-runtime.ts'
import type { WeightType } from '#support/gguf-weights.ts'
import { PARITY_SHAPES, type ParityShape } from '#support/parity-shapes.ts'
import { randomModel } from '#support/random-model.ts'

const ANSWER_TOKENS = 48
const QUESTIONS = [
  'What is the capital of France, and in which year (1789?) was its Bastille stormed?',
  "Don't you think that 12345 + 67 = 12412?\n\nSay it in the thinnest words!",
  'the inner thing and another: the end',
]

export interface Comparison {
  readonly tokens: number
  /** Lengths of the prompts, as each engine cuts them. */
  readonly promptTokens: readonly (readonly [wllama: number, onnx: number])[]
  /** How many of wllama's greedy tokens are the likeliest for onnxruntime too. */
  readonly sameTop: number
  /** The most by which one that is not falls short of the likeliest, in log-probability. */
  readonly furthestFromTop: number
  /** The largest difference of a log-probability. */
  readonly difference: number
}

/**
 * Has wllama answer greedily, and onnxruntime score the very tokens. `widened`: wllama has the same numbers in single
 * precision.
 */
async function compare(shape: ParityShape, weights: WeightType, widened: boolean): Promise<Comparison> {
  const file = Uint8Array.from(randomModel({ ...PARITY_SHAPES[shape], weights }))
  const other = widened ? Uint8Array.from(randomModel({ ...PARITY_SHAPES[shape], roundedAs: weights })) : file
  const layout = readGguf(file)
  const vocabulary = readVocabulary(layout)
  const { contextTokens } = PARITY_SHAPES[shape]
  const wllama = await WllamaRuntime.start(new Blob([other]), contextTokens, chatTemplateOf(layout).name)
  const onnx = await OnnxModelInMemory.start(ortInTab().ort, file, contextTokens)
  const banned = [...vocabulary.controlTokens, ...vocabulary.brokenTokens]
  const found = { tokens: 0, sameTop: 0, furthestFromTop: 0, difference: 0 }
  const promptTokens: [number, number][] = []
  for (const content of QUESTIONS) {
    const messages: readonly ChatMessage[] = [{ role: 'user', content }]
    const reply = await wllama.complete({
      messages,
      max_tokens: ANSWER_TOKENS,
      temperature: 0,
      logprobs: true,
      top_logprobs: 1,
      logit_bias: ban(banned),
    })
    const said = reply.choices[0]?.logprobs?.content ?? []
    const prompt = onnx.fitting(messages, ANSWER_TOKENS) ?? []
    promptTokens.push([reply.usage.prompt_tokens, prompt.length])
    const whole = [...prompt, ...said.map(({ id }) => id)]
    const wanted = said.map((_, index) => prompt.length - 1 + index)
    await onnx.read(whole, wanted, (logits, position) => {
      const { id = 0, logprob = NaN } = said[position + 1 - prompt.length] ?? {}
      const own = logProbability(logits, id)
      found.difference = Math.max(found.difference, Math.abs(own - logprob))
      const allowed = logits.slice()
      for (const token of banned) allowed[token] = -Infinity
      const top = likeliest(allowed)
      found.tokens++
      if (top === id) found.sameTop++
      else found.furthestFromTop = Math.max(found.furthestFromTop, logProbability(logits, top) - own)
    })
  }
  await wllama.stop()
  await onnx.stop()
  return { ...found, promptTokens }
}

declare global {
  interface Window {
    parityPage: { readonly compare: typeof compare }
  }
}
window.parityPage = { compare }
