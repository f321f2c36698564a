import { MLCEngine, prebuiltAppConfig } from '@mlc-ai/web-llm'
import { version } from '@mlc-ai/web-llm/package.json'
import type { Mlc } from './mlc.ts'

/** web-llm itself, 2 MB of it: imported dynamically, and only by the worker that is about to load a model. */
export const mlc: Mlc = {
  version,
  record: (modelId) => prebuiltAppConfig.model_list.find(({ model_id }) => model_id === modelId),
  engine: (appConfig, initProgressCallback) => new MLCEngine({ appConfig, initProgressCallback, logLevel: 'SILENT' }),
}
