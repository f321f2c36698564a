/** How the next token is drawn. Everything that is not given does nothing. */
export interface Sampling {
  /** 0 takes the likeliest. */
  readonly temperature: number
  /** Only the likeliest so many. */
  readonly topK?: number
  /** Only the likeliest that together reach this probability. */
  readonly topP?: number
  /** Only tokens with at least this share of the likeliest one's probability. */
  readonly minP?: number
  /** Logits of tokens said before are divided by it where positive, multiplied where negative (CTRL, arXiv 1909.05858). */
  readonly repetitionPenalty?: number
}

interface Candidate {
  readonly token: number
  logit: number
}

/**
 * Draws a token. `uniform` gives numbers in [0, 1) and is asked once for each token that is not simply the likeliest.
 * Ties go to the lower token. The order is llama.cpp's: penalty, top-k, top-p, min-p, temperature.
 */
export function sample(
  logits: Float32Array,
  sampling: Sampling,
  said: Iterable<number>,
  uniform: () => number,
): number {
  const penalised = penalise(logits, said, sampling)
  if (sampling.temperature <= 0) return likeliest(penalised)
  const { candidates, shares } = shortlist(penalised, sampling)
  let left = uniform()
  for (const [index, share] of shares.entries()) {
    left -= share
    if (left < 0) return candidates[index]?.token ?? 0
  }
  return candidates.at(-1)?.token ?? 0
}

/**
 * How much of the probability lies between what `sample` draws with this number and a token; 0 where it may draw it with
 * logits that differ by `tolerance`. `penalised`: by `penalise`.
 */
export function missOf(
  penalised: Float32Array,
  token: number,
  sampling: Sampling,
  uniform: number,
  tolerance: number,
): number {
  const { temperature } = sampling
  const logit = penalised[token] ?? -Infinity
  if (temperature <= 0) {
    const best = likeliest(penalised)
    if ((penalised[best] ?? 0) - logit <= tolerance) return 0
    return Math.exp(logProbability(penalised, best)) - Math.exp(logProbability(penalised, token))
  }
  const { candidates, shares } = shortlist(penalised, sampling)
  if (!candidates.some((candidate) => candidate.token === token)) return 1
  // Those that are as likely, nearly, may come before it or after.
  let from = 0
  let to = 0
  for (const [index, candidate] of candidates.entries()) {
    if (candidate.logit > logit + tolerance) from += shares[index] ?? 0
    if (candidate.logit >= logit - tolerance) to += shares[index] ?? 0
  }
  return Math.max(0, from - uniform - tolerance / temperature, uniform - to - tolerance / temperature)
}

/** The tokens that may be drawn, likeliest first, and the share of each. */
function shortlist(
  penalised: Float32Array,
  { temperature, topK = 0, topP = 1, minP = 0 }: Sampling,
): { readonly candidates: readonly Candidate[]; readonly shares: readonly number[] } {
  let candidates: Candidate[] = Array.from(penalised, (logit, token) => ({ token, logit })).filter(
    ({ logit }) => logit > -Infinity,
  )
  candidates.sort((a, b) => b.logit - a.logit || a.token - b.token)
  if (topK > 0) candidates = candidates.slice(0, topK)
  if (topP < 1) candidates = nucleus(candidates, topP)
  const floor = (candidates[0]?.logit ?? 0) + Math.log(minP)
  candidates = candidates.filter(({ logit }) => logit >= floor)
  return { candidates, shares: softmax(candidates.map(({ logit }) => logit / temperature)) }
}

/** The index of the largest; the first of several. */
export function likeliest(logits: Float32Array): number {
  let best = 0
  for (let token = 1; token < logits.length; token++) if ((logits[token] ?? 0) > (logits[best] ?? 0)) best = token
  return best
}

/** log p of one token under logits, in double precision. */
export function logProbability(logits: Float32Array, token: number): number {
  const top = logits[likeliest(logits)] ?? 0
  let sum = 0
  for (const logit of logits) sum += Math.exp(logit - top)
  return (logits[token] ?? -Infinity) - top - Math.log(sum)
}

/** The logits after the repetition penalty: the same array where there is none. */
export function penalise(
  logits: Float32Array,
  said: Iterable<number>,
  { repetitionPenalty = 1 }: Pick<Sampling, 'repetitionPenalty'>,
): Float32Array {
  if (repetitionPenalty === 1) return logits
  const changed = logits.slice()
  for (const token of new Set(said)) {
    const logit = changed[token] ?? 0
    changed[token] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
  }
  return changed
}

function nucleus(candidates: readonly Candidate[], topP: number): Candidate[] {
  const shares = softmax(candidates.map(({ logit }) => logit))
  let sum = 0
  const enough = shares.findIndex((share) => (sum += share) >= topP)
  return candidates.slice(0, enough < 0 ? candidates.length : enough + 1)
}

function softmax(logits: readonly number[]): number[] {
  const top = logits.reduce((most, logit) => Math.max(most, logit), -Infinity)
  const weights = logits.map((logit) => Math.exp(logit - top))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => weight / sum)
}
