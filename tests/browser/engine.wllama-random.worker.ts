import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { siteModels } from '#adapters/engine/site-models.ts'
import { WllamaEngine } from '#adapters/engine/wllama.ts'
import { widened } from '#support/widen-weights.ts'

/** llama.cpp, which computes the models that people download, on those that the test generates. */
expose(new EngineHost(new WllamaEngine(widened(siteModels('/random-models/')))))
