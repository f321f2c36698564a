import type { EngineDescription } from '#ports/engine.ts'
import type { OnnxModelInMemory } from './model-in-memory.ts'

type Speed = Pick<EngineDescription, 'prefillTokensPerSecond' | 'decodeTokensPerSecond' | 'judgeTokensPerSecond'>

/** What is measured: enough that a chunk is read whole, and little enough for a slow phone. */
const DECODED_TOKENS = 4
const FEWEST_RUNS = 4
const MOST_RUNS = 16
const BUDGET_MS = 120

/**
 * The median of the later half of some short runs: a browser compiles what runs often better, meanwhile, and the first
 * runs take up to five times as long; and other work on the machine comes and goes.
 */
export async function measureSpeed(model: OnnxModelInMemory, now = () => performance.now()): Promise<Speed> {
  const promptTokens = Math.min(model.chunkTokens, model.contextTokens - DECODED_TOKENS)
  const prefillMs: number[] = []
  const decodeMs: number[] = []
  const begun = now()
  for (let run = 0; run < FEWEST_RUNS || (run < MOST_RUNS && now() - begun < BUDGET_MS); run++) {
    // Each prompt begins differently, or it would be taken from the cache.
    const tokens = Array.from({ length: promptTokens }, (_, index) => (index * 7 + run) % model.tokenizer.size)
    const start = now()
    let cache = await model.read(tokens, [tokens.length - 1], () => {})
    const between = now()
    for (const token of tokens.slice(0, DECODED_TOKENS)) cache = (await model.step(token, cache)).cache
    const end = now()
    prefillMs.push(between - start)
    decodeMs.push(end - between)
  }
  model.forget()
  const prefillTokensPerSecond = perSecond(promptTokens, median(prefillMs))
  return {
    prefillTokensPerSecond,
    decodeTokensPerSecond: perSecond(DECODED_TOKENS, median(decodeMs)),
    // An answer is scored as it is read, in one pass.
    judgeTokensPerSecond: prefillTokensPerSecond,
  }
}

function median(values: readonly number[]): number {
  const later = values.slice(values.length >> 1).toSorted((a, b) => a - b)
  return later[later.length >> 1] ?? 0
}

/** Clocks of some browsers stand still for a millisecond. */
const perSecond = (tokens: number, durationMs: number): number =>
  Math.max(1, Math.round((tokens * 1000) / Math.max(1, durationMs)))
