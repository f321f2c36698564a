/** How llama.cpp, onnxruntime, Emscripten and browsers say that there is no memory left. */
const NO_MEMORY =
  /out of memory|\bOOM\b|failed to allocate|unable to allocate|could not allocate|bad_alloc|bad allocation|grow memory|allocation failed/i

export const isWantOfMemory = (reason: string): boolean => NO_MEMORY.test(reason)
