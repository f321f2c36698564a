import type { EngineWorker } from './worker-engine.ts'

/** A `Worker` as `WorkerEngine` needs it. */
export function engineWorker(worker: Worker): EngineWorker {
  return {
    endpoint: worker,
    onFailure(listener) {
      worker.addEventListener('error', (event) => listener(event.message))
      worker.addEventListener('messageerror', () => listener('a message could not be read'))
    },
    terminate: () => worker.terminate(),
  }
}
