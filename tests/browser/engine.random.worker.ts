import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { siteModels } from '#adapters/engine/site-models.ts'
import { WllamaEngine } from '#adapters/engine/wllama.ts'

/** As `inference.worker.ts`, on the models that the test generates. */
expose(new EngineHost(new WllamaEngine(siteModels('/random-models/'))))
