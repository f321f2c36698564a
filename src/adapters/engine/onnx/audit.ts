import { createSeeded } from '#core/random/seeded.ts'
import type { Audit, AuditedToken, GenerationClaim } from '#ports/engine.ts'
import type { OnnxModelInMemory } from './model-in-memory.ts'
import { likeliest, logProbability, missOf, penalise } from './sampler.ts'

/**
 * An auditor reads in one pass what was generated token by token, which adds up in another order: by up to 2e-5, in
 * what was measured. Five times that.
 */
const TOLERANCE = 1e-4

/** Re-executes a claim after its prompt. Null for one that no run can have made. */
export async function auditTokens(
  model: OnnxModelInMemory,
  prompt: readonly number[],
  { options, tokenIds }: GenerationClaim,
  positions: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Audit | null> {
  for (const position of positions) {
    if (!(Number.isInteger(position) && position >= 0 && position < tokenIds.length)) {
      throw new RangeError(`There is no position ${position} among ${tokenIds.length} tokens.`)
    }
  }
  const roomTokens = Math.min(options.maxTokens, model.contextTokens - prompt.length)
  if (!(tokenIds.length <= roomTokens) || !areSayable(model, tokenIds)) return null
  const first = prompt.length - 1
  const wanted = [...new Set(positions)].sort((a, b) => a - b)
  const draws = uniformsOf(options.seed, (wanted.at(-1) ?? -1) + 1)
  const found = new Map<number, AuditedToken>()
  const check = (logits: Float32Array, at: number): void => {
    const position = at - first
    const token = tokenIds[position] ?? 0
    const weighed = penalise(model.sayable(logits), tokenIds.slice(0, position), options)
    found.set(position, {
      position,
      claimed: logProbability(weighed, token),
      best: logProbability(weighed, likeliest(weighed)),
      miss: missOf(weighed, token, options, draws[position] ?? 0, TOLERANCE),
    })
  }
  const whole = [...prompt, ...tokenIds.slice(0, wanted.at(-1) ?? 0)]
  const read = wanted.map((position) => first + position)
  if (wanted.length > 0) await model.read(whole, read, check, { signal })
  const tokens = positions.flatMap((position) => found.get(position) ?? [])
  return { text: textOf(model, tokenIds), tokens, tolerance: TOLERANCE }
}

/** Whether a generation can consist of these: no control token but a turn's end, as the last. */
function areSayable({ tokenizer, vocabulary }: OnnxModelInMemory, tokenIds: readonly number[]): boolean {
  const controls = new Set(tokenizer.controlTokens)
  return tokenIds.every((token, index) => {
    if (!(Number.isInteger(token) && token >= 0 && token < vocabulary)) return false
    return tokenizer.endTokens.has(token) ? index === tokenIds.length - 1 : !controls.has(token)
  })
}

/** The numbers that a generation with this seed draws by. */
function uniformsOf(seed: number, count: number): number[] {
  const next = createSeeded(seed)
  return Array.from({ length: count }, () => next() / 2 ** 32)
}

function textOf({ tokenizer }: OnnxModelInMemory, tokenIds: readonly number[]): string {
  const spelled = tokenIds.filter((token) => !tokenizer.endTokens.has(token)).map((token) => tokenizer.bytesOf(token))
  const decoder = new TextDecoder()
  return spelled.map((bytes) => decoder.decode(bytes, { stream: true })).join('') + decoder.decode()
}
