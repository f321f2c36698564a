import * as ort from 'onnxruntime-web/wasm'
import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.wasm?url'
import type { OnnxEngineInit } from './onnx-engine.ts'

/** onnxruntime as a tab's worker has it: its WASM comes from this site, and one thread computes. */
export function ortInTab(): Pick<OnnxEngineInit, 'ort' | 'ortVersion'> {
  ort.env.wasm.wasmPaths = { wasm: wasmUrl }
  ort.env.wasm.numThreads = 1
  // What goes wrong is thrown too, and said in a sentence.
  ort.env.logLevel = 'fatal'
  return { ort, ortVersion: ort.env.versions.common }
}
