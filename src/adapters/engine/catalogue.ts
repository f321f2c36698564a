import * as v from 'valibot'
import { Digest } from '#core/protocol/ids.ts'
import { MAX_NAME_CHARS } from '#core/protocol/limits.ts'
import { ModelLoadError } from '#ports/engine.ts'

const name = v.pipe(v.string(), v.minLength(1), v.maxLength(MAX_NAME_CHARS))
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1))
const finite = v.pipe(v.number(), v.finite())

/** How a member judges: by the likelihood of an answer, mapped to a probability by what was measured in training. */
const Judging = v.object({
  instrument: v.literal('likelihood'),
  /**
   * `sum` and `mean`: log p(answer | prompt), whole or per token. `pmi`: less log p(answer | empty prompt). `weakest`:
   * that of the answer's least likely token.
   */
  normalisation: v.picklist(['sum', 'mean', 'pmi', 'weakest']),
  /** quality = sigmoid(slope * loglikelihood + intercept) */
  calibration: v.object({ slope: finite, intercept: finite }),
  auc: v.pipe(v.number(), v.minValue(0), v.maxValue(1)),
})
export type Judging = v.InferOutput<typeof Judging>

const Member = v.object({
  id: name,
  kind: name,
  /** Name in the models' folder; it carries the first 12 digits of the digest, so it may be cached for ever. */
  file: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9._-]*\.gguf$/)),
  sizeBytes: count,
  sha256: Digest,
  parameters: count,
  contextTokens: count,
  licence: name,
  tier: v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(9)),
  judging: Judging,
  summary: v.string(),
})
export type CatalogueMember = v.InferOutput<typeof Member>

/** `catalogue.json` beside the model files, written by the training pipeline. Fields of other readers pass by. */
export const Catalogue = v.object({
  family: name,
  members: v.pipe(v.array(Member), v.minLength(1)),
  /** Questions that show the family at its best. */
  questions: v.optional(v.array(v.string()), []),
})
export type Catalogue = v.InferOutput<typeof Catalogue>

/** Throws `ModelLoadError` where the site has no catalogue, an unreadable one, or one without the model. */
export async function findMember(modelsUrl: string, modelId: string, signal?: AbortSignal): Promise<CatalogueMember> {
  const catalogue = await fetchCatalogue(modelsUrl, signal)
  const member = catalogue.members.find((candidate) => candidate.id === modelId)
  if (!member) throw new ModelLoadError(`The model "${modelId}" is not in the catalogue.`)
  return member
}

/** Throws `ModelLoadError` where the site has no catalogue, or an unreadable one. */
export async function fetchCatalogue(modelsUrl: string, signal?: AbortSignal): Promise<Catalogue> {
  let content: unknown
  try {
    const response = await fetch(`${modelsUrl}catalogue.json`, { cache: 'no-cache', ...(signal && { signal }) })
    if (!response.ok) throw new ModelLoadError(`The catalogue of models is missing (HTTP ${response.status}).`)
    content = await response.json()
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof ModelLoadError) throw error
    throw new ModelLoadError('The catalogue of models could not be read.', { cause: error })
  }
  const parsed = v.safeParse(Catalogue, content)
  if (!parsed.success) throw new ModelLoadError(`The catalogue of models is damaged: ${v.summarize(parsed.issues)}`)
  return parsed.output
}
