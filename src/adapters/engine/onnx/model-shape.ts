import { ModelUnsupportedError } from '#ports/engine.ts'
import type { GgufLayout } from '../gguf-layout.ts'

/** How rotary embeddings pair up the elements of a head: neighbours (llama), or one of each half (GPT-NeoX, Qwen). */
export type RotaryPairs = 'neighbours' | 'halves'

/** The numbers of a llama-like decoder, as a GGUF file states them. */
export interface ModelShape {
  readonly layers: number
  readonly width: number
  readonly heads: number
  readonly keyHeads: number
  readonly headWidth: number
  readonly hidden: number
  readonly vocabulary: number
  readonly contextTokens: number
  readonly normEpsilon: number
  readonly ropeBase: number
  readonly rotaryPairs: RotaryPairs
}

/** Numbers of a layer's keys for one token, and as many of its values. */
export const layerWidth = ({ keyHeads, headWidth }: ModelShape): number => keyHeads * headWidth

/** Architectures whose layers are: norm, attention with rotary embeddings, norm, gated SiLU. */
const ROTARY_PAIRS: Readonly<Record<string, RotaryPairs>> = { llama: 'neighbours', qwen2: 'halves' }

/** Above this a file is not a model for a tab, and its numbers could make the builder allocate without bound. */
const MAX = { layers: 256, width: 16_384, hidden: 65_536, vocabulary: 1 << 20, contextTokens: 1 << 20 } as const

/** Throws `ModelUnsupportedError`, which names what the file has that is not supported. */
export function readShape({ metadata, tensors }: Pick<GgufLayout, 'metadata' | 'tensors'>): ModelShape {
  const architecture = metadata.get('general.architecture')
  const rotaryPairs = typeof architecture === 'string' ? ROTARY_PAIRS[architecture] : undefined
  if (typeof architecture !== 'string' || !rotaryPairs) {
    throw new ModelUnsupportedError(`This engine runs llama and qwen2 models; this file is "${String(architecture)}".`)
  }
  const read = (key: string, otherwise?: number): number => {
    const value = metadata.get(`${architecture}.${key}`) ?? otherwise
    if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
      throw new ModelUnsupportedError(`The model's "${architecture}.${key}" is ${String(value)}.`)
    }
    return value
  }
  const whole = (key: string, most: number, otherwise?: number): number => {
    const value = read(key, otherwise)
    if (!Number.isInteger(value) || value > most) {
      throw new ModelUnsupportedError(`The model's "${architecture}.${key}" is ${value}; at most ${most} is supported.`)
    }
    return value
  }
  const width = whole('embedding_length', MAX.width)
  const heads = whole('attention.head_count', 1024)
  const headWidth = whole('attention.key_length', 1024, width / heads)
  const rotated = whole('rope.dimension_count', 1024, headWidth)
  if (rotated !== headWidth)
    throw new ModelUnsupportedError(`It rotates ${rotated} of ${headWidth} elements of a head.`)
  const scaling = metadata.get(`${architecture}.rope.scaling.type`)
  if (scaling !== undefined && scaling !== 'none') {
    throw new ModelUnsupportedError(`Its rotary embedding is scaled by "${String(scaling)}".`)
  }
  if (metadata.get(`${architecture}.expert_count`)) throw new ModelUnsupportedError('It is a mixture of experts.')
  const embedding = tensors.find(({ name }) => name === 'token_embd.weight')
  const vocabulary = embedding?.shape[1] ?? 0
  if (vocabulary < 1 || vocabulary > MAX.vocabulary) {
    throw new ModelUnsupportedError(`Its vocabulary has ${vocabulary} tokens.`)
  }
  return {
    layers: whole('block_count', MAX.layers),
    width,
    heads,
    keyHeads: whole('attention.head_count_kv', 1024, heads),
    headWidth,
    hidden: whole('feed_forward_length', MAX.hidden),
    vocabulary,
    contextTokens: whole('context_length', MAX.contextTokens),
    normEpsilon: read('attention.layer_norm_rms_epsilon'),
    ropeBase: read('rope.freq_base', 10_000),
    rotaryPairs,
  }
}
