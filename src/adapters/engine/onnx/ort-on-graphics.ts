import wasmUrl from 'onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'
import type { Gpu } from '../gpu.ts'
import type { GraphicsBackend } from './backends.ts'

/** onnxruntime on a tab's graphics device: another build, 27 MB, fetched from this site when there is a device only. */
export async function ortOnGraphics(gpu: Gpu): Promise<GraphicsBackend | null> {
  const adapter = await gpu.adapter()
  if (!adapter) return null
  const ort = await import('onnxruntime-web/webgpu')
  ort.env.wasm.wasmPaths = { wasm: wasmUrl }
  ort.env.wasm.numThreads = 1
  return { ort, label: adapter.label }
}
