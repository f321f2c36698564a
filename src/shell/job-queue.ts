import { MAX_FOREIGN_IN_LINE, nextInLine, nobodyServed, type Client, type InLine } from '#core/swarm/turns.ts'
import { EngineBusyError } from './errors.ts'

interface Waiting extends InLine {
  readonly run: () => Promise<void>
}

/**
 * Jobs for one engine, one at a time: a node's own before foreign ones, and foreign ones by turns of those who asked
 * (SPEC JOIN-5). Invariant: at most `MAX_FOREIGN_IN_LINE` foreign jobs wait.
 */
export class JobQueue {
  readonly #onBusyChange: () => void
  readonly #waiting: Waiting[] = []
  #served = nobodyServed
  #busy = false

  constructor(onBusyChange: () => void) {
    this.#onBusyChange = onBusyChange
  }

  get busy(): boolean {
    return this.#busy
  }

  /** Jobs of other nodes' sessions that wait. */
  get foreignInLine(): number {
    return this.#waiting.filter(({ client }) => client !== 'own').length
  }

  /** `after` runs behind the job, before the next. Throws what the job throws, the signal's reason, `EngineBusyError`. */
  add<T>(client: Client, signal: AbortSignal, job: () => Promise<T>, after: () => Promise<void>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const waiting: Waiting = {
        client,
        passedOver: 0,
        run: async () => {
          signal.removeEventListener('abort', withdraw)
          await job().then(resolve, reject)
          await after()
        },
      }
      const withdraw = () => {
        const index = this.#waiting.indexOf(waiting)
        if (index >= 0) this.#waiting.splice(index, 1)
        reject(signal.reason as Error)
      }
      if (signal.aborted) return withdraw()
      if (client !== 'own' && this.foreignInLine >= MAX_FOREIGN_IN_LINE)
        return reject(new EngineBusyError('too many jobs wait for the model'))
      signal.addEventListener('abort', withdraw, { once: true })
      this.#waiting.push(waiting)
      void this.#work()
    })
  }

  async #work(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    this.#onBusyChange()
    for (let next = this.#takeNext(); next; next = this.#takeNext()) await next.run()
    this.#busy = false
    this.#onBusyChange()
  }

  #takeNext(): Waiting | undefined {
    if (this.#waiting.length === 0) return undefined
    const { index, served } = nextInLine(this.#waiting, this.#served)
    this.#served = served
    const [next] = this.#waiting.splice(index, 1)
    if (next?.client !== 'own') for (const earlier of this.#waiting.slice(0, index)) earlier.passedOver++
    return next
  }
}
