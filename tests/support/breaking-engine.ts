import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Engine, GenerateOptions, Generation, Judgement, LoadProgress, Token } from '#ports/engine.ts'

/**
 * An engine that can be broken while it generates, as its device or its memory gives out under it. As in a worker, the
 * running call fails first, and only the next one finds that the model cannot be loaded any more.
 */
export class BreakingEngine implements Engine {
  readonly #engine: Engine
  #breaks: { readonly first: Error; readonly later: Error | null } | null = null
  #gone: Error | null = null
  #stands = false
  /** The last turn of each conversation that it began to answer. */
  readonly begun: string[] = []

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** The next piece of an answer fails with `first`; with `later`, every call after that, and the model is gone. */
  breakNext(first: Error, later: Error | null): void {
    this.#breaks = { first, later }
  }

  /** From now on it neither writes nor judges, whether or not it is stopped. */
  standStill(): void {
    this.#stands = true
  }

  load(modelId: string, onProgress?: (progress: LoadProgress) => void, signal?: AbortSignal): Promise<void> {
    return this.#engine.load(modelId, onProgress, signal)
  }

  async *generate(messages: readonly ChatMessage[], options: GenerateOptions): AsyncGenerator<Token, Generation, void> {
    await this.#check()
    this.begun.push(messages.at(-1)?.content ?? '')
    const tokens = this.#engine.generate(messages, options)
    for (;;) {
      const next = await tokens.next()
      const breaks = this.#breaks
      if (breaks) {
        this.#breaks = null
        this.#gone = breaks.later
        await tokens.return({ text: '', tokens: 0, finish: 'aborted', droppedTurns: 0 })
        throw breaks.first
      }
      if (next.done) return next.value
      yield next.value
    }
  }

  async judge(
    messages: readonly ChatMessage[],
    answers: readonly string[],
    signal?: AbortSignal,
  ): Promise<Judgement[]> {
    await this.#check()
    return this.#engine.judge(messages, answers, signal)
  }

  describe() {
    return this.#engine.describe()
  }

  unload(): Promise<void> {
    return this.#engine.unload()
  }

  async #check(): Promise<void> {
    if (this.#stands) await new Promise<never>(() => undefined)
    if (!this.#gone) return
    await this.#engine.unload()
    throw this.#gone
  }
}
