import { expose } from 'comlink'
import { ggufWorker } from '#adapters/engine/gguf-worker.ts'
import { testModels } from '#support/gguf-shapes.ts'

/** As `gguf.worker.ts`, on generated models of a host that stands in this worker's name. */
const [name = '', host = ''] = self.name.split(' ')
expose(ggufWorker(name, testModels(host)))
