import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { WllamaEngine } from '#adapters/engine/wllama.ts'

expose(new EngineHost(new WllamaEngine({ modelsUrl: `${import.meta.env.BASE_URL}models/` })))
