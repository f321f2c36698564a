import type { AppConfig, InitProgressReport, MLCEngineInterface, ModelRecord } from '@mlc-ai/web-llm'

/** The parts of web-llm that are used here: what a fake must do to stand in for it. */
export type MlcEngine = Pick<MLCEngineInterface, 'reload' | 'unload' | 'interruptGenerate' | 'chatCompletion'>

export interface Mlc {
  readonly version: string
  record(modelId: string): ModelRecord | undefined
  engine(appConfig: AppConfig, onProgress: (report: InitProgressReport) => void): MlcEngine
}
