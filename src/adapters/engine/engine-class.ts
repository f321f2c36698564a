/**
 * Everything that makes two runs of one model in llama.cpp comparable bit by bit. Log-probabilities are equal across tabs, runs and
 * numbers of threads; prefill equals decoding only without flash attention and with small physical batches, so these
 * settings are part of the name, and never left to the library's defaults.
 */
export const PINNED = {
  flash_attn: false,
  n_batch: 128,
  n_ubatch: 64,
  n_gpu_layers: 0,
  n_parallel: 1,
  cache_type_k: 'f32',
  cache_type_v: 'f32',
} as const

export function engineClass(wllamaVersion: string, llamaVersion: string, contextTokens: number): string {
  return `wllama-${wllamaVersion}/llama.cpp-${llamaVersion}/wasm-cpu/f32/fa-off/b${PINNED.n_batch}/ub${PINNED.n_ubatch}/ctx${contextTokens}`
}

/** To be counted up whenever the graphs, or how they are run, change so that numbers come out differently. */
const GRAPHS = 1

/** The same, in onnxruntime. The length of the chunks in which a prompt is read changes the last bits of what follows. */
export function onnxEngineClass(settings: {
  readonly ortVersion: string
  /** Of the model's file. */
  readonly digest: string
  /** WASM, or the graphics device by vendor and architecture. */
  readonly backend: string
  readonly chunkTokens: number
  readonly contextTokens: number
}): string {
  const { ortVersion, digest, backend, chunkTokens, contextTokens } = settings
  return `onnx-${GRAPHS}/ort-${ortVersion}/${backend}/f32/chunk${chunkTokens}/ctx${contextTokens}/${digest.slice(0, 12)}`
}

/** Threads wait for each other by spinning, so a model that is quick alone would only starve the other tabs. */
const MIN_THREADED_BYTES = 64 * 1024 * 1024

/** More threads than cores hang, and without cross-origin isolation there are none. */
export function threadCount(isolated: boolean, cores: number, sizeBytes: number): number {
  return isolated && cores > 2 && sizeBytes >= MIN_THREADED_BYTES ? Math.min(4, Math.floor(cores / 2)) : 1
}
