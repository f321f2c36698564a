import {
  ModelLoadError,
  type Engine,
  type EngineDescription,
  type GenerateOptions,
  type Generation,
  type Judgement,
  type LoadProgress,
  type Token,
} from '#ports/engine.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import type { ModelShelf, ShelfSurvey } from '#ports/model-shelf.ts'

/** Models that one engine computes, and where they are had. */
export interface KindOfModels {
  readonly ids: ReadonlySet<string>
  readonly shelf: ModelShelf
  readonly engine: Engine
}

const kindOf = (kinds: readonly KindOfModels[], modelId: string): KindOfModels => {
  const kind = kinds.find(({ ids }) => ids.has(modelId))
  if (!kind) throw new ModelLoadError(`No engine here knows the model "${modelId}".`)
  return kind
}

/** All kinds on one shelf. Of the first that has one to recommend, that is it. */
export function oneShelf(kinds: readonly KindOfModels[]): ModelShelf {
  return {
    async survey(): Promise<ShelfSurvey> {
      const surveys = await Promise.all(kinds.map(({ shelf }) => shelf.survey()))
      const problems = surveys.map(({ problem }) => problem)
      return {
        problem: problems.includes(null) ? null : (problems[0] ?? null),
        offers: surveys.flatMap(({ offers }) => offers),
        recommended: surveys.find(({ recommended }) => recommended !== null)?.recommended ?? null,
      }
    },
    download: async (modelId, onProgress, signal) => kindOf(kinds, modelId).shelf.download(modelId, onProgress, signal),
    remove: async (modelId) => kindOf(kinds, modelId).shelf.remove(modelId),
  }
}

/**
 * One engine that computes with whichever its model needs.
 *
 * Invariant: one of them at most holds a model.
 */
export class OneEngine implements Engine {
  readonly #kinds: readonly KindOfModels[]
  #engine: Engine | null = null

  constructor(kinds: readonly KindOfModels[]) {
    this.#kinds = kinds
  }

  async load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    const { engine } = kindOf(this.#kinds, modelId)
    if (this.#engine !== engine) await this.#engine?.unload()
    this.#engine = engine
    await engine.load(modelId, onProgress, signal)
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    return yield* this.#require().generate(messages, options)
  }

  async judge(
    messages: readonly ChatMessage[],
    answers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Judgement[]> {
    return this.#require().judge(messages, answers, signal)
  }

  describe(): EngineDescription | null {
    return this.#engine?.describe() ?? null
  }

  async unload(): Promise<void> {
    await this.#engine?.unload()
  }

  #require(): Engine {
    if (!this.#engine) throw new ModelLoadError('No model is loaded.')
    return this.#engine
  }
}
