import type { Digest } from '#core/protocol/ids.ts'
import type { LoadProgress } from '#ports/engine.ts'
import type { Judging } from './catalogue.ts'
import type { GgufLayout } from './gguf-layout.ts'

/** Nobody measured how well the model judges: its own expectation of a grade is all there is. */
export interface Rating {
  readonly instrument: 'rating'
}

/** A GGUF file that was checked, and what its catalogue says of it. */
export interface OpenedModel {
  readonly id: string
  readonly name: string
  readonly digest: Digest
  readonly tier: number
  readonly contextTokens: number
  readonly judging: Judging | Rating
  /** Where its bytes are: in memory, or on the disk. */
  readonly file: Blob
  readonly layout: Pick<GgufLayout, 'metadata'>
}

/** Where an engine has its models from. */
export interface ModelSource {
  /** Throws the `ModelLoadError` family, and the signal's reason. */
  open(
    modelId: string,
    onProgress: ((progress: LoadProgress) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<OpenedModel>
}
