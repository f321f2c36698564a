import { NamedError } from '#ports/named-error.ts'
import type { TokenModel } from './slice-chain.ts'
import type { ModelSizes } from './model-in-memory.ts'

/** A backend starts the model, and computes something else than the model. */
export class UnsoundBackendError extends NamedError {}

/** Logits of some tokens at some positions of a fixed text, as the reference backend computes them. */
export type ReferenceLogits = Float32Array<ArrayBuffer>

/**
 * How many tokens a graphics device may be given at once, the most first. Software adapters were seen to compute
 * wrongly from 32 tokens on, and rightly below.
 */
export const GRAPHICS_CHUNKS = [64, 31, 16] as const

/** Longer than the largest chunk, so that a chunk that has something before it is tested too. */
const TEST_TOKENS = 96

/** Ends and beginnings of chunks of all sizes, and what lies between. */
const TEST_POSITIONS = [0, 15, 16, 30, 31, 40, 63, 64, 80, 95] as const

/** Logits that are compared at each position, spread over the vocabulary. */
const TEST_LOGITS = 256

/** Graphics devices round otherwise, by some 1e-4; where a kernel is wrong, the difference is above 1. */
const TOLERANCE = 0.02

/** The largest of the chunks with which a model computes the reference. Throws `UnsoundBackendError` where none does. */
export async function soundChunk(
  model: TokenModel,
  sizes: ModelSizes,
  reference: ReferenceLogits,
  chunks: readonly number[] = GRAPHICS_CHUNKS,
): Promise<number> {
  let least = Infinity
  for (const chunk of chunks) {
    const difference = largestDifference(await referenceLogits(model, sizes, chunk), reference)
    if (difference <= TOLERANCE) return chunk
    least = Math.min(least, difference)
  }
  throw new UnsoundBackendError(`Its logits are off by ${least.toPrecision(2)} at least.`)
}

/** What `soundChunk` compares with. `chunk`: tokens read at once. */
export async function referenceLogits(model: TokenModel, sizes: ModelSizes, chunk: number): Promise<ReferenceLogits> {
  const { vocabulary, contextTokens } = sizes
  const length = Math.min(TEST_TOKENS, contextTokens)
  // Any tokens do: a wrong kernel is wrong for all. These jump through the vocabulary.
  const tokens = Array.from({ length }, (_, index) => (index * 7919 + 13) % vocabulary)
  const step = Math.max(1, Math.floor(vocabulary / TEST_LOGITS))
  const found: number[] = []
  let cache = model.empty
  for (let start = 0; start < length; start += chunk) {
    const part = tokens.slice(start, start + chunk)
    const chosen = TEST_POSITIONS.map((position) => position - start).filter((at) => at >= 0 && at < part.length)
    const { cache: next, logits } = await model.run(part, cache, chosen.length > 0 ? chosen : [0])
    cache = next
    for (const row of chosen.keys()) {
      for (let token = 0; token < vocabulary; token += step) found.push(logits[row * vocabulary + token] ?? Number.NaN)
    }
  }
  return Float32Array.from(found)
}

/** Infinite where they are not comparable, or not numbers. */
function largestDifference(a: ReferenceLogits, b: ReferenceLogits): number {
  if (a.length !== b.length) return Infinity
  let largest = 0
  for (const [index, value] of a.entries()) {
    const difference = Math.abs(value - (b[index] ?? Number.NaN))
    if (Number.isNaN(difference)) return Infinity
    largest = Math.max(largest, difference)
  }
  return largest
}
