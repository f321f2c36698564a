import { decodeWeights, encodeWeights, type WeightType } from './gguf-weights.ts'
import { writeGguf, type GgufTensor, type GgufValue } from './gguf-writer.ts'

export interface RandomModelShape {
  readonly seed: number
  readonly layers: number
  readonly embedding: number
  readonly heads: number
  readonly feedForward: number
  readonly contextTokens: number
  /** Whether bytes that are no characters have tokens of their own. llama.cpp in WASM crashes when it reports one. */
  readonly rawBytes: boolean
  /** Heads that keep keys and values, where several heads share one; by default each has its own. */
  readonly sharedHeads?: number
  /** `qwen2`: with biases on queries, keys and values. */
  readonly architecture?: 'llama' | 'qwen2'
  /** `sentencepiece`: spaces as low lines, other bytes by tokens of their own. */
  readonly vocabulary?: 'byte-level' | 'sentencepiece'
  /** Tokens that no text has, up to this many in all. */
  readonly vocabularySize?: number
  /** How texts are cut before they are merged: `gpt-2` by default. */
  readonly cuts?: 'gpt-2' | 'smollm' | 'llama-bpe' | 'qwen2'
  /** False: the file says nothing of how conversations are written. */
  readonly template?: boolean
  /** How matrices are kept: `f32` by default. */
  readonly weights?: WeightType
  /** Matrices are in single precision, but hold the numbers that this type would. */
  readonly roundedAs?: WeightType
  /** The embedding is also the head. */
  readonly tied?: boolean
  /** 10,000 by default. */
  readonly ropeBase?: number
  /** Divisors of rotary frequencies, as Llama 3 has them. */
  readonly stretched?: boolean
}

export const TINY_SHAPE: RandomModelShape = {
  seed: 1,
  layers: 2,
  embedding: 64,
  heads: 4,
  feedForward: 128,
  contextTokens: 256,
  rawBytes: false,
}

const SPECIAL = ['<|end|>', '<|system|>', '<|user|>', '<|assistant|>'] as const
const END = 0

const CHAT_TEMPLATE =
  "{% for message in messages %}{{ '<|' + message['role'] + '|>' + message['content'] + '<|end|>' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"

/**
 * A llama model of random weights over a byte-level vocabulary: it speaks gibberish, but loads, generates and
 * judges as any other, and can be had in every shape. The same shape gives the same bytes.
 */
export function randomModel(shape: RandomModelShape = TINY_SHAPE): Uint8Array {
  const { architecture = 'llama', template = true } = shape
  const vocabulary = shape.vocabulary === 'sentencepiece' ? sentencePieces() : byteLevel(shape)
  const of = (key: string): string => `${architecture}.${key}`
  const metadata: Record<string, GgufValue> = {
    'general.architecture': { type: 'string', value: architecture },
    'general.name': { type: 'string', value: `random-${shape.seed}` },
    [of('context_length')]: { type: 'u32', value: shape.contextTokens },
    [of('embedding_length')]: { type: 'u32', value: shape.embedding },
    [of('block_count')]: { type: 'u32', value: shape.layers },
    [of('feed_forward_length')]: { type: 'u32', value: shape.feedForward },
    [of('attention.head_count')]: { type: 'u32', value: shape.heads },
    [of('attention.head_count_kv')]: { type: 'u32', value: shape.sharedHeads ?? shape.heads },
    [of('attention.layer_norm_rms_epsilon')]: { type: 'f32', value: 1e-5 },
    [of('rope.dimension_count')]: { type: 'u32', value: shape.embedding / shape.heads },
    [of('rope.freq_base')]: { type: 'f32', value: shape.ropeBase ?? 10_000 },
    [of('vocab_size')]: { type: 'u32', value: vocabulary.tokens.length },
    ...vocabulary.metadata,
    'tokenizer.ggml.tokens': { type: 'strings', value: vocabulary.tokens },
    'tokenizer.ggml.token_type': { type: 'i32s', value: vocabulary.types },
    'tokenizer.ggml.bos_token_id': { type: 'u32', value: END },
    'tokenizer.ggml.eos_token_id': { type: 'u32', value: END },
    'tokenizer.ggml.add_bos_token': { type: 'bool', value: false },
    ...(template && { 'tokenizer.chat_template': { type: 'string', value: CHAT_TEMPLATE } }),
  }
  return writeGguf(metadata, randomTensors(shape, vocabulary.tokens.length))
}

interface RandomVocabulary {
  readonly tokens: readonly string[]
  readonly types: readonly number[]
  readonly metadata: Readonly<Record<string, GgufValue>>
}

const NORMAL = 1
const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

function byteLevel({ rawBytes, vocabularySize = 0, cuts = 'gpt-2' }: RandomModelShape): RandomVocabulary {
  const bytes = byteCharacters()
  const merges = ['t h', 'th e', 'i n', 'a n', 'Ã ©']
  const texts = [...(rawBytes ? bytes : bytes.slice(0, 128)), ...merges.map((merge) => merge.replace(' ', ''))]
  const missing = Math.max(0, vocabularySize - SPECIAL.length - texts.length)
  const words = [...texts, ...Array.from({ length: missing }, (_, index) => `~${index.toString(36)}`)]
  return {
    tokens: [...SPECIAL, ...words],
    types: [...SPECIAL.map(() => CONTROL), ...words.map(() => NORMAL)],
    metadata: {
      'tokenizer.ggml.model': { type: 'string', value: 'gpt2' },
      'tokenizer.ggml.pre': { type: 'string', value: cuts },
      'tokenizer.ggml.merges': { type: 'strings', value: merges },
    },
  }
}

function sentencePieces(): RandomVocabulary {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const letters = Array.from({ length: 94 }, (_, index) => String.fromCharCode(33 + index))
  const words = ['▁', ...letters, '▁t', 'he', '▁the', 'in', 'an', 'é']
  const tokens = [...SPECIAL, '<unk>', ...bytes, ...words]
  return {
    tokens,
    types: [...SPECIAL.map(() => CONTROL), UNKNOWN, ...bytes.map(() => BYTE), ...words.map(() => NORMAL)],
    metadata: {
      'tokenizer.ggml.model': { type: 'string', value: 'llama' },
      'tokenizer.ggml.scores': { type: 'f32s', value: tokens.map((_, index) => -index) },
      'tokenizer.ggml.unknown_token_id': { type: 'u32', value: SPECIAL.length },
      'tokenizer.ggml.add_space_prefix': { type: 'bool', value: false },
    },
  }
}

/** A prime, so that no row repeats another. */
const POOL = 65_537

function randomTensors(shape: RandomModelShape, vocabulary: number): GgufTensor[] {
  const next = gaussian(shape.seed)
  const ones = (name: string): GgufTensor => ({
    name: `${name}.weight`,
    shape: [shape.embedding],
    data: new Float32Array(shape.embedding).fill(1),
  })
  const fresh = (length: number, scale: number) => Float32Array.from({ length }, () => next() * scale)
  // Large matrices repeat a pool, each from a place of its own: drawing a hundred million numbers takes a minute.
  let pool: Float32Array | null = null
  let place = 0
  const pooled = (length: number, scale: number): Float32Array => {
    pool ??= fresh(POOL, 1)
    const numbers = new Float32Array(length)
    for (let index = 0, from = place; index < length; index++) {
      numbers[index] = (pool[from] ?? 0) * scale
      from = from + 1 < POOL ? from + 1 : 0
    }
    place = (place + length + 1) % POOL
    return numbers
  }
  const rounded = (data: Float32Array): Float32Array =>
    shape.roundedAs ? decodeWeights(encodeWeights(data, shape.roundedAs), shape.roundedAs) : data
  const matrix = (name: string, columns: number, rows: number, scale: number): GgufTensor => ({
    name: `${name}.weight`,
    shape: [columns, rows],
    data: rounded(columns * rows > POOL ? pooled(columns * rows, scale) : fresh(columns * rows, scale)),
    type: shape.weights ?? 'f32',
  })
  const { embedding, feedForward } = shape
  const kept = (embedding / shape.heads) * (shape.sharedHeads ?? shape.heads)
  const bias = (name: string, size: number): GgufTensor => ({
    name: `${name}.bias`,
    shape: [size],
    data: Float32Array.from({ length: size }, () => next() * 0.1),
  })
  const inner = 1 / Math.sqrt(embedding)
  const blocks = Array.from({ length: shape.layers }, (_, layer) => [
    ones(`blk.${layer}.attn_norm`),
    matrix(`blk.${layer}.attn_q`, embedding, embedding, inner * 2),
    matrix(`blk.${layer}.attn_k`, embedding, kept, inner * 2),
    matrix(`blk.${layer}.attn_v`, embedding, kept, inner),
    ...(shape.architecture === 'qwen2'
      ? [bias(`blk.${layer}.attn_q`, embedding), bias(`blk.${layer}.attn_k`, kept), bias(`blk.${layer}.attn_v`, kept)]
      : []),
    matrix(`blk.${layer}.attn_output`, embedding, embedding, inner),
    ones(`blk.${layer}.ffn_norm`),
    matrix(`blk.${layer}.ffn_gate`, embedding, feedForward, inner),
    matrix(`blk.${layer}.ffn_up`, embedding, feedForward, inner),
    matrix(`blk.${layer}.ffn_down`, feedForward, embedding, 1 / Math.sqrt(feedForward)),
  ])
  return [
    matrix('token_embd', embedding, vocabulary, shape.tied ? inner * 2 : 1),
    ...blocks.flat(),
    ones('output_norm'),
    ...(shape.tied ? [] : [matrix('output', embedding, vocabulary, inner * 2)]),
    ...(shape.stretched ? [stretches(embedding / shape.heads / 2)] : []),
  ]
}

/** Llama 3.2's: short waves as they are, long ones 32 times as long, and those between in between. */
function stretches(pairs: number): GgufTensor {
  const data = Float32Array.from({ length: pairs }, (_, pair) => Math.min(32, Math.max(1, 2 ** (pair - pairs / 2))))
  return { name: 'rope_freqs.weight', shape: [pairs], data }
}

/** GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, encoder.py, `bytes_to_unicode`). */
function byteCharacters(): string[] {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  let shifted = 256
  return Array.from({ length: 256 }, (_, byte) => String.fromCodePoint(printable(byte) ? byte : shifted++))
}

/** Standard normal deviates by Box and Muller over mulberry32. */
function gaussian(seed: number): () => number {
  let state = seed >>> 0
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform())
}
