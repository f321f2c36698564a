import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { ortInTab } from '#adapters/engine/onnx/ort-in-tab.ts'
import { siteModels } from '#adapters/engine/site-models.ts'

expose(new EngineHost(new OnnxEngine({ ...ortInTab(), source: siteModels(`${import.meta.env.BASE_URL}models/`) })))
