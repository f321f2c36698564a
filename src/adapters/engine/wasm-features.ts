/** A function whose body holds one vector instruction. */
const SIMD_MODULE = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[1, 5, 1, 0x60, 0, 1, 0x7b],
  ...[3, 2, 1, 0],
  ...[10, 10, 1, 8, 0, 0x41, 0, 0xfd, 15, 0xfd, 98, 11],
])

/** A memory with 64-bit addresses, of one page. */
const MEMORY64_MODULE = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 5, 3, 1, 4, 1])

type Validate = (module: Uint8Array<ArrayBuffer>) => boolean

const validateHere: Validate = (module) => WebAssembly.validate(module)

/** onnxruntime's one build needs these, and no more. */
export const hasVectorInstructions = (validate = validateHere): boolean => validate(SIMD_MODULE)

/**
 * What the browser's WebAssembly lacks of what llama.cpp's one build needs; null where it lacks nothing. There is no
 * second build without these to fall back to: wllama's would have to be fetched from a stranger's host, as a program.
 */
export function missingInWasm(validate = validateHere): 'vector instructions' | '64-bit memory' | null {
  if (!hasVectorInstructions(validate)) return 'vector instructions'
  return validate(MEMORY64_MODULE) ? null : '64-bit memory'
}
