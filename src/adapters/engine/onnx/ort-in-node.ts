import * as ort from 'onnxruntime-web/wasm'
import type { OnnxEngineInit } from './onnx-engine.ts'

/** onnxruntime in Node: the WASM that tabs have, so the same bits. */
export function ortInNode(): Pick<OnnxEngineInit, 'ort' | 'ortVersion'> {
  ort.env.wasm.numThreads = 1
  ort.env.logLevel = 'fatal'
  return { ort, ortVersion: ort.env.versions.common }
}
