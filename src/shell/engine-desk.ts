import type { ChatMessage } from '#core/protocol/messages.ts'
import type { OwnAnswer, OwnScores, Job } from '#core/session/state.ts'
import { toScore } from '#core/session/decide.ts'
import type { Clock } from '#ports/clock.ts'
import type { Engine, EngineDescription, LoadProgress } from '#ports/engine.ts'
import { ModelLoadError } from '#ports/engine.ts'
import type { EngineStatus } from './facade.ts'

interface Waiting {
  readonly own: boolean
  readonly run: () => Promise<void>
}

/**
 * This node's one engine, shared by all sessions: one job at a time, a node's own questions before foreign ones
 * (SPEC JOIN-3), first come first served within each.
 */
export class EngineDesk {
  readonly #engine: Engine
  readonly #clock: Clock
  readonly #onChange: () => void
  #status: EngineStatus = { phase: 'idle' }
  #loading: Promise<void> | null = null
  readonly #queue: Waiting[] = []
  #busy = false

  constructor(engine: Engine, clock: Clock, onChange: () => void) {
    this.#engine = engine
    this.#clock = clock
    this.#onChange = onChange
  }

  get status(): EngineStatus {
    return this.#status
  }

  get description(): EngineDescription | null {
    return this.#status.phase === 'ready' ? this.#status.description : null
  }

  /** Loads a model. Never throws: the status says how it went. A second call while loading waits for the first. */
  async load(modelId: string): Promise<void> {
    this.#loading ??= this.#load(modelId).finally(() => (this.#loading = null))
    return this.#loading
  }

  async #load(modelId: string): Promise<void> {
    this.#set({ phase: 'loading', progress: null })
    try {
      await this.#engine.load(modelId, (progress: LoadProgress) => this.#set({ phase: 'loading', progress }))
      const description = this.#engine.describe()
      if (!description) throw new ModelLoadError('the engine loaded nothing')
      this.#set({ phase: 'ready', description, busy: false })
    } catch (error) {
      this.#set({ phase: 'failed', error: (error as Error).name })
    }
  }

  /** Answers. `onText` gets the whole text so far, with every piece. Throws the engine's errors. */
  generate(
    job: Extract<Job, { kind: 'generate' }>,
    own: boolean,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<OwnAnswer> {
    return this.#enqueue(own, signal, async () => {
      const startedAt = this.#clock.now()
      const generation = this.#engine.generate(job.messages, {
        seed: job.seed,
        temperature: job.temperatureMilli / 1000,
        maxTokens: job.maxTokens,
        signal,
      })
      let text = ''
      for (;;) {
        const next = await generation.next()
        if (next.done) {
          const { tokens, droppedTurns } = next.value
          return { text: next.value.text, tokens, droppedTurns, durationMs: this.#since(startedAt) }
        }
        text += next.value.text
        onText(text)
      }
    })
  }

  /** Scores answers. Throws the engine's errors. */
  judge(job: Extract<Job, { kind: 'judge' }>, own: boolean, signal: AbortSignal): Promise<OwnScores> {
    return this.#enqueue(own, signal, async () => {
      const startedAt = this.#clock.now()
      const texts = job.answers.map((answer) => answer.text)
      const judgements = await this.#engine.judge(job.messages as ChatMessage[], texts, signal)
      const scores = job.answers.map(({ digest }, i) => ({
        answer: digest,
        score: toScore(judgements[i]?.quality ?? 0),
      }))
      const instrument = judgements[0]?.instrument ?? 'likelihood'
      return { instrument, scores, durationMs: this.#since(startedAt) }
    })
  }

  #since(startedAt: number): number {
    return Math.max(0, Math.round(this.#clock.now() - startedAt))
  }

  #enqueue<T>(own: boolean, signal: AbortSignal, job: () => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        own,
        run: async () => {
          signal.removeEventListener('abort', withdraw)
          try {
            resolve(await job())
          } catch (error) {
            reject(error as Error)
          }
        },
      }
      const withdraw = () => {
        const index = this.#queue.indexOf(waiting)
        if (index >= 0) this.#queue.splice(index, 1)
        reject(signal.reason as Error)
      }
      if (signal.aborted) return withdraw()
      signal.addEventListener('abort', withdraw, { once: true })
      this.#queue.push(waiting)
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#show()
    for (let next = this.#takeNext(); next; next = this.#takeNext()) await next.run()
    this.#busy = false
    this.#show()
  }

  #takeNext(): Waiting | undefined {
    const first = this.#queue.findIndex((waiting) => waiting.own)
    return this.#queue.splice(Math.max(0, first), 1)[0]
  }

  #show(): void {
    if (this.#status.phase === 'ready') this.#set({ ...this.#status, busy: this.#busy })
  }

  #set(status: EngineStatus): void {
    this.#status = status
    this.#onChange()
  }
}
