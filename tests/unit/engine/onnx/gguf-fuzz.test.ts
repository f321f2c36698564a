import { expect, test } from 'vitest'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { readShape } from '#adapters/engine/onnx/model-shape.ts'
import { createSeeded } from '#core/random/seeded.ts'
import { ModelLoadError } from '#ports/engine.ts'
import { writeGguf, type GgufValue } from '#support/gguf-writer.ts'

const MUTANTS = 100_000

/** A small head with every kind of value that models have. */
function smallFile(): Uint8Array<ArrayBuffer> {
  const number = (value: number): GgufValue => ({ type: 'u32', value })
  const metadata: Record<string, GgufValue> = {
    'general.architecture': { type: 'string', value: 'llama' },
    'llama.context_length': number(64),
    'llama.embedding_length': number(4),
    'llama.block_count': number(1),
    'llama.feed_forward_length': number(8),
    'llama.attention.head_count': number(2),
    'llama.attention.layer_norm_rms_epsilon': { type: 'f32', value: 1e-5 },
    'tokenizer.ggml.tokens': { type: 'strings', value: ['a', 'b', 'ab'] },
    'tokenizer.ggml.token_type': { type: 'i32s', value: [1, 1, 3] },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
  }
  const data = (shape: readonly number[]) => new Float32Array(shape.reduce((product, size) => product * size, 1))
  const shapes = { 'token_embd.weight': [4, 3], 'output_norm.weight': [4] }
  const tensors = Object.entries(shapes).map(([name, shape]) => ({ name, shape, data: data(shape) }))
  return Uint8Array.from(writeGguf(metadata, tensors))
}

test(`${MUTANTS} broken heads end in a model or in a ModelLoadError`, { timeout: 300_000 }, () => {
  const file = smallFile()
  const next = createSeeded(20)
  let refused = 0
  for (let mutant = 0; mutant < MUTANTS; mutant++) {
    const broken = next() % 8 === 0 ? file.slice(0, next() % file.length) : file.slice()
    for (let left = 1 + (next() % 4); left > 0 && broken.length > 0; left--)
      broken[next() % broken.length] = next() & 255
    try {
      const layout = readGguf(broken)
      // What was read can be no longer than what was given, whatever the head claims.
      if (layout.tensors.length + layout.metadata.size > broken.length) throw new Error(`mutant ${mutant} is too long`)
      readShape(layout)
    } catch (error) {
      if (!(error instanceof ModelLoadError)) throw error
      refused++
    }
  }
  // Names of values may change without harm; most changes are noticed.
  expect(refused).toBeGreaterThan(MUTANTS / 4)
  expect(refused).toBeLessThan(MUTANTS)
})

test('a count beyond the file ends at the file’s end, not in memory', () => {
  const file = smallFile()
  for (const at of [8, 16]) {
    const broken = file.slice()
    new DataView(broken.buffer).setBigUint64(at, 2n ** 62n, true)
    expect(() => readGguf(broken)).toThrow(ModelLoadError)
  }
})
