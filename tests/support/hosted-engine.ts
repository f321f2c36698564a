import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import type { EngineWorker } from '#adapters/engine/worker-engine.ts'
import type { Engine } from '#ports/engine.ts'

/** The real boundary of a worker, in one thread. */
export function hostedInThread(engine: Engine): EngineWorker {
  const { port1, port2 } = new MessageChannel()
  expose(new EngineHost(engine), port1)
  return {
    endpoint: port2,
    onFailure: () => {},
    terminate: () => {
      port1.close()
      port2.close()
    },
  }
}
