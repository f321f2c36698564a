import { describe, expect, test } from 'vitest'
import { runError, startError } from '#adapters/engine/onnx/ort-errors.ts'

describe('what keeps onnxruntime from starting', () => {
  test.each([
    ['no available backend found. ERR: [wasm] RuntimeError: Aborted(both async and sync fetching of the wasm failed)'],
    ["Can't create a session. ERROR_CODE: 7, ERROR_MESSAGE: Failed to load model because protobuf parsing failed."],
  ])('%s', (message) => {
    expect(startError(new Error(message), true)).toMatchObject({
      name: 'ModelLoadError',
      message: 'This browser could not start the model.',
    })
  })

  test.each([
    [new Error("Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc")],
    [new Error('no available backend found. ERR: [wasm] RangeError: WebAssembly.Memory(): could not allocate memory')],
    [new RangeError('Array buffer allocation failed')],
  ])('want of memory: %s', (error) => {
    expect(startError(error, true)).toMatchObject({ name: 'OutOfMemoryError', cause: error })
  })

  test('a browser without vector instructions, whatever it says', () => {
    const error = startError(new Error('WebAssembly SIMD is not supported in the current environment.'), false)
    expect(error).toMatchObject({ name: 'UnsupportedBrowserError' })
    expect(error.message).toContain('vector instructions')
  })
})

test('a run ends for want of memory, or as a crash', () => {
  const memory = new Error('failed to call OrtRun(). ERROR_CODE: 6, ERROR_MESSAGE: std::bad_alloc')
  expect(runError(memory).name).toBe('OutOfMemoryError')
  expect(runError(new WebAssembly.RuntimeError('Aborted(OOM)')).name).toBe('OutOfMemoryError')
  expect(runError(new WebAssembly.RuntimeError('memory access out of bounds')).name).toBe('EngineCrashedError')
  expect(runError('unreachable').name).toBe('EngineCrashedError')
})
