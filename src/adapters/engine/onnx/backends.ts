import { UnsoundBackendError, referenceLogits, soundChunk, type ReferenceLogits } from './logit-self-test.ts'
import { OnnxModelInMemory } from './model-in-memory.ts'
import type { Ort } from './slice-session.ts'

/** A graphics device, and the build of onnxruntime that computes on it. */
export interface GraphicsBackend {
  readonly ort: Ort
  /** Vendor and architecture: results are comparable between equal ones only. */
  readonly label: string
}

/** Reference logits that were computed before, by name. Losing them costs time only. */
export interface ReferenceStore {
  read(name: string): Promise<ReferenceLogits | null>
  keep(name: string, logits: ReferenceLogits): Promise<void>
}

export interface BackendsInit {
  /** The WASM build, which every device has. */
  readonly ort: Ort
  /** Of the installed library. */
  readonly ortVersion: string
  /** Undefined for WASM alone. Null where there is no graphics device; rejects where there is one that cannot be used. */
  readonly graphics?: (() => Promise<GraphicsBackend | null>) | undefined
  readonly references?: ReferenceStore | undefined
}

/** Why WASM computes although there is a graphics device. */
export type GraphicsFallback = 'WebGpuUnsoundError' | 'WebGpuFailedError'

export interface StartedModel {
  readonly model: OnnxModelInMemory
  /** Part of the engine's class. */
  readonly backend: string
  readonly fallback: GraphicsFallback | null
}

interface Weights {
  readonly file: Uint8Array<ArrayBuffer>
  readonly digest: string
  readonly contextTokens: number
}

/**
 * Starts a model on the graphics device, where there is one that computes what WASM computes, else on WASM. The
 * reference is computed once for each file and version, and then read. Throws `ModelLoadError`, `ModelUnsupportedError`.
 */
export async function startModel(init: BackendsInit, weights: Weights): Promise<StartedModel> {
  const onWasm = () => OnnxModelInMemory.start(init.ort, weights.file, weights.contextTokens)
  let graphics: GraphicsBackend | null
  try {
    graphics = (await init.graphics?.()) ?? null
  } catch {
    // As where its build of onnxruntime cannot be fetched.
    return { model: await onWasm(), backend: 'wasm', fallback: 'WebGpuFailedError' }
  }
  if (!graphics) return { model: await onWasm(), backend: 'wasm', fallback: null }
  const name = `${weights.digest}/ort-${init.ortVersion}/ctx${weights.contextTokens}`
  let reference = (await init.references?.read(name)) ?? null
  let wasm: OnnxModelInMemory | null = null
  if (!reference) {
    wasm = await onWasm()
    reference = await referenceLogits(wasm.tokenModel, wasm, wasm.chunkTokens)
    await init.references?.keep(name, reference)
  }
  const known = reference
  try {
    const model = await OnnxModelInMemory.start(graphics.ort, weights.file, weights.contextTokens, {
      provider: 'webgpu',
      chunkTokens: (model, sizes) => soundChunk(model, sizes, known),
    })
    await wasm?.stop()
    return { model, backend: `webgpu-${graphics.label}`, fallback: null }
  } catch (error) {
    const fallback = error instanceof UnsoundBackendError ? 'WebGpuUnsoundError' : 'WebGpuFailedError'
    return { model: wasm ?? (await onWasm()), backend: 'wasm', fallback }
  }
}
