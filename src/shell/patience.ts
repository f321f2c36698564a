import type { Clock } from '#ports/clock.ts'
import { EngineCrashedError } from '#ports/engine.ts'

/**
 * Does work that gives signs of life, and stops it where none comes for so long (SPEC EXE-5). Throws what the work
 * throws, and `EngineCrashedError` as soon as patience is over, whether or not the work heeds its signal.
 */
export async function withPatience<T>(
  clock: Clock,
  patienceMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal, isAlive: () => void) => Promise<T>,
): Promise<T> {
  const over = new AbortController()
  let heardAt = clock.now()
  let cancel = (): void => undefined
  try {
    return await new Promise<T>((resolve, reject) => {
      const look = () => {
        const until = heardAt + patienceMs
        if (clock.now() < until) {
          cancel = clock.setTimer(until, look)
          return
        }
        const error = new EngineCrashedError('The model stands still.')
        reject(error)
        over.abort(error)
      }
      look()
      work(AbortSignal.any([signal, over.signal]), () => (heardAt = clock.now())).then(resolve, reject)
    })
  } finally {
    cancel()
  }
}
