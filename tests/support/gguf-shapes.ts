import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { GgufModel } from '#adapters/engine/gguf-catalogue.ts'
import { randomModel, TINY_SHAPE, type RandomModelShape } from './random-model.ts'

/** Rating puts the conversation into a judging prompt, which is long in tokens that are single letters. */
const CONTEXT_TOKENS = 2048

/** Shapes as the catalogue's models have them, small enough for tests. */
export const GGUF_SHAPES: Readonly<Record<string, RandomModelShape>> = {
  // As Llama's and SmolLM2's: several heads share keys and values.
  grouped: { ...TINY_SHAPE, seed: 11, heads: 4, sharedHeads: 2, contextTokens: CONTEXT_TOKENS },
  // As Qwen's: biases, and a file without a template.
  biased: {
    ...TINY_SHAPE,
    seed: 12,
    sharedHeads: 1,
    architecture: 'qwen2',
    template: false,
    contextTokens: CONTEXT_TOKENS,
  },
  // As Gemma's and Phi's vocabularies.
  pieces: { ...TINY_SHAPE, seed: 13, vocabulary: 'sentencepiece', contextTokens: CONTEXT_TOKENS },
  crashing: { ...TINY_SHAPE, seed: 14, rawBytes: true, contextTokens: CONTEXT_TOKENS },
}

/** A catalogue entry for a file of a test. */
export const testModel = (id: string, url: string, change: Partial<GgufModel> = {}): GgufModel => ({
  id,
  name: `Test ${id}`,
  licence: 'MIT',
  tier: 2,
  runsOn: 'processor',
  contextTokens: CONTEXT_TOKENS,
  downloadBytes: 500_000,
  memoryBytes: 1_000_000,
  hosts: [new URL(url).host],
  url,
  sizeBytes: null,
  sha256: null,
  ...change,
})

/** What a host has to serve. */
export const testFile = (id: string): Uint8Array =>
  id === 'alien' ? alienFile() : randomModel(GGUF_SHAPES[id] ?? TINY_SHAPE)

/** GGUF in form, of an architecture that nobody has heard of, with a vocabulary that can be read. */
function alienFile(): Uint8Array {
  const bytes = randomModel({ ...TINY_SHAPE, seed: 15 })
  // In the text `general.architecture`, whose value comes 12 bytes behind it.
  const key = new TextEncoder().encode('general.architecture')
  const at = bytes.findIndex((_, from) => key.every((byte, index) => bytes[from + index] === byte))
  bytes.set(new TextEncoder().encode('alien'), at + key.length + 12)
  return bytes
}

const digestOf = (bytes: Uint8Array): string => bytesToHex(sha256(bytes))

/** The test's catalogue: `grouped` and `wrong` have a digest there, of the others nobody has told any. */
export function testModels(host: string): GgufModel[] {
  const at = (id: string): string => `${host}/${id}.gguf`
  const grouped = testFile('grouped')
  return [
    testModel('grouped', at('grouped'), { sha256: digestOf(grouped), sizeBytes: grouped.length }),
    testModel('wrong', at('grouped'), { sha256: digestOf(new Uint8Array()) }),
    ...['biased', 'pieces', 'crashing', 'alien'].map((id) => testModel(id, at(id))),
  ]
}
