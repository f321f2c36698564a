import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { siteModels } from '#adapters/engine/site-models.ts'
import { WllamaEngine } from '#adapters/engine/wllama.ts'

expose(new EngineHost(new WllamaEngine(siteModels(`${import.meta.env.BASE_URL}models/`))))
