import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { siteModels } from '#adapters/engine/site-models.ts'
import { WllamaEngine } from '#adapters/engine/wllama.ts'
import { widened } from '#support/widen-weights.ts'

/** The embedded models in llama.cpp, which onnxruntime is compared with. */
expose(new EngineHost(new WllamaEngine(widened(siteModels('/models/')))))
