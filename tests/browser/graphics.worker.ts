import { expose } from 'comlink'
import { EngineHost } from '#adapters/engine/engine-host.ts'
import { createGpu } from '#adapters/engine/gpu.ts'
import { keptReferences } from '#adapters/engine/onnx/kept-references.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { ortInTab } from '#adapters/engine/onnx/ort-in-tab.ts'
import { ortOnGraphics } from '#adapters/engine/onnx/ort-on-graphics.ts'
import { siteModels } from '#adapters/engine/site-models.ts'

const engine = new OnnxEngine({
  ...ortInTab(),
  graphics: () => ortOnGraphics(createGpu(navigator.gpu)),
  references: keptReferences(caches),
  source: siteModels('/random-models/'),
})
expose(new EngineHost(engine))
