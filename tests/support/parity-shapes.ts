import { TINY_SHAPE, type RandomModelShape } from './random-model.ts'

const CONTEXT_TOKENS = 512

/** The families of small models that engines are compared on, each narrower and with fewer layers than the real one. */
export const PARITY_SHAPES = {
  // Three heads share one key head; the embedding is the head.
  smollm2: {
    ...TINY_SHAPE,
    seed: 31,
    layers: 4,
    embedding: 192,
    heads: 6,
    sharedHeads: 2,
    feedForward: 512,
    tied: true,
    ropeBase: 100_000,
    cuts: 'smollm',
    contextTokens: CONTEXT_TOKENS,
  },
  // Divisors of rotary frequencies.
  'llama-3.2': {
    ...TINY_SHAPE,
    seed: 32,
    layers: 4,
    embedding: 256,
    heads: 8,
    sharedHeads: 2,
    feedForward: 512,
    tied: true,
    stretched: true,
    ropeBase: 500_000,
    cuts: 'llama-bpe',
    contextTokens: CONTEXT_TOKENS,
  },
  // Biases, and rotary pairs of halves.
  'qwen-2.5': {
    ...TINY_SHAPE,
    seed: 33,
    architecture: 'qwen2',
    layers: 4,
    embedding: 256,
    heads: 4,
    sharedHeads: 1,
    feedForward: 512,
    tied: true,
    ropeBase: 1_000_000,
    cuts: 'qwen2',
    contextTokens: CONTEXT_TOKENS,
  },
} as const satisfies Readonly<Record<string, RandomModelShape>>

export type ParityShape = keyof typeof PARITY_SHAPES
