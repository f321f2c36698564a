import { EngineCrashedError, ModelLoadError, OutOfMemoryError, UnsupportedBrowserError } from '#ports/engine.ts'
import { isWantOfMemory } from '../want-of-memory.ts'
import { hasVectorInstructions } from '../wasm-features.ts'

/** Why onnxruntime did not start: it tells all in words. */
export function startError(cause: unknown, hasVectors = hasVectorInstructions()): Error {
  if (!hasVectors) {
    return new UnsupportedBrowserError("This browser's WebAssembly has no vector instructions.", { cause })
  }
  if (wantsMemory(cause)) {
    return new OutOfMemoryError('The model does not fit into the memory that this page may have.', { cause })
  }
  return new ModelLoadError('This browser could not start the model.', { cause })
}

/** Why a run ended: whatever is left of the session is not to be trusted. */
export function runError(cause: unknown): Error {
  if (wantsMemory(cause)) return new OutOfMemoryError('The memory of the page gave out.', { cause })
  return new EngineCrashedError('The model stopped working.', { cause })
}

/** A `RangeError` is the browser's, for a buffer that it cannot give. */
const wantsMemory = (error: unknown): boolean =>
  error instanceof RangeError || isWantOfMemory(error instanceof Error ? error.message : String(error))
