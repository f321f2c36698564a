import { releaseProxy, type ProxyMethods } from 'comlink'
import type { ChatMessage } from '#core/protocol/messages.ts'
import type { Engine, EngineDescription, GenerateOptions, Generation, Judgement, LoadProgress } from '#ports/engine.ts'

/** A callback as the worker holds it: a proxy that must be released after use. */
type Callback<T> = ((value: T) => Promise<void> | void) & Partial<ProxyMethods>

/**
 * The worker's side of an engine: the calls of `Engine` in a form that crosses to a worker. Callbacks stand for the
 * generator, and `abort` for the signal. One call at a time, by the caller's care.
 */
export class EngineHost {
  readonly #engine: Engine
  #running = new AbortController()

  constructor(engine: Engine) {
    this.#engine = engine
  }

  /** Progress is reported at the reader's pace, so that a busy window is not flooded. */
  async load(modelId: string, onProgress: Callback<LoadProgress>): Promise<EngineDescription | null> {
    return this.#abortable(async (signal) => {
      const reports = new Reports(onProgress)
      try {
        await this.#engine.load(modelId, (progress) => reports.send(progress), signal)
      } finally {
        await reports.finish()
      }
      return this.#engine.describe()
    })
  }

  async generate(
    messages: readonly ChatMessage[],
    options: Omit<GenerateOptions, 'signal'>,
    onToken: Callback<string>,
  ): Promise<Generation> {
    return this.#abortable(async (signal) => {
      const reports = new Reports(onToken)
      try {
        const tokens = this.#engine.generate(messages, { ...options, signal })
        for (;;) {
          const next = await tokens.next()
          if (next.done) return next.value
          reports.send(next.value.text)
        }
      } finally {
        await reports.finish()
      }
    })
  }

  async judge(messages: readonly ChatMessage[], answers: readonly string[]): Promise<Judgement[]> {
    return this.#abortable((signal) => this.#engine.judge(messages, answers, signal))
  }

  async unload(): Promise<void> {
    await this.#engine.unload()
  }

  /** Aborts the call that runs now, if one does. */
  abort(): void {
    this.#running.abort()
  }

  async #abortable<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#running = new AbortController()
    return call(this.#running.signal)
  }
}

/**
 * Sends values to a callback in the other thread without waiting for each. A callback and the call's result travel on
 * different ports, so the result must wait until the last value has arrived.
 */
class Reports<T> {
  readonly #callback: Callback<T>
  #last: Promise<void> | void = undefined

  constructor(callback: Callback<T>) {
    this.#callback = callback
  }

  send(value: T): void {
    this.#last = this.#callback(value)
  }

  async finish(): Promise<void> {
    await this.#last
    this.#callback[releaseProxy]?.()
  }
}
