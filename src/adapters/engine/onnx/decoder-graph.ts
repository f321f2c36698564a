import { MICROSOFT, OnnxGraph, type OnnxModel } from './onnx-graph.ts'
import type { GgufWeights } from './gguf-weights.ts'
import type { ModelShape } from './model-shape.ts'

/** Layers [from, to) of a model. The first slice also holds the embedding, the last one the head. */
export interface Slice {
  readonly from: number
  readonly to: number
}

/** Names of the values that go in and out of a slice's graph. */
export const VALUES = {
  /** int64 [1, tokens]: of the first slice. */
  tokens: 'tokens',
  /** float32 [1, tokens, width]: into every slice but the first, and out of every one but the last. */
  hiddenIn: 'hidden_in',
  hiddenOut: 'hidden_out',
  /** int32 [1]: the number of all positions, these included, less one. */
  lastPosition: 'last_position',
  /** int32, a scalar: the number of all positions, these included. */
  positions: 'positions',
  /** int64 [chosen]: of which of these positions the last slice gives logits. */
  chosen: 'chosen',
  /** float32 [1, chosen, vocabulary] */
  logits: 'logits',
  /** float32 [1, key heads, positions, head width], of one layer. */
  pastKey: (layer: number) => `past_key_${layer}`,
  pastValue: (layer: number) => `past_value_${layer}`,
  presentKey: (layer: number) => `present_key_${layer}`,
  presentValue: (layer: number) => `present_value_${layer}`,
} as const

/**
 * The graph of a slice, for onnxruntime: its fused attention (`GroupQueryAttention`, which also rotates), its RMS
 * norms, and plain products. `contextTokens` bounds the rotary tables. Throws `ModelUnsupportedError`.
 */
export function buildSlice(shape: ModelShape, weights: GgufWeights, slice: Slice, contextTokens: number): OnnxModel {
  const graph = new OnnxGraph()
  const builder = new SliceBuilder(graph, shape, weights)
  graph.input(VALUES.lastPosition, 'int32', [1])
  graph.input(VALUES.positions, 'int32', [])
  builder.rotaryTables(contextTokens)
  let hidden =
    slice.from === 0 ? builder.embedding() : graph.input(VALUES.hiddenIn, 'float32', [1, 'tokens', shape.width])
  for (let layer = slice.from; layer < slice.to; layer++) hidden = builder.layer(layer, hidden)
  if (slice.to === shape.layers) builder.head(hidden)
  else {
    graph.node('Identity', [hidden], VALUES.hiddenOut)
    graph.output(VALUES.hiddenOut, 'float32', [1, 'tokens', shape.width])
  }
  return graph.finish()
}

const COSINES = 'cosines'
const SINES = 'sines'

class SliceBuilder {
  readonly #graph: OnnxGraph
  readonly #shape: ModelShape
  readonly #weights: GgufWeights

  constructor(graph: OnnxGraph, shape: ModelShape, weights: GgufWeights) {
    this.#graph = graph
    this.#shape = shape
    this.#weights = weights
  }

  /** Angles of each position and pair. Llama 3 ships divisors for them, which stretch the long waves. */
  rotaryTables(contextTokens: number): void {
    const { headWidth, ropeBase } = this.#shape
    const pairs = headWidth / 2
    const divisors = this.#weights.has('rope_freqs.weight') ? this.#weights.read('rope_freqs.weight', [pairs]) : null
    const cosines = new Float32Array(contextTokens * pairs)
    const sines = new Float32Array(contextTokens * pairs)
    for (let pair = 0; pair < pairs; pair++) {
      const frequency = ropeBase ** ((-2 * pair) / headWidth) / (divisors?.[pair] ?? 1)
      for (let position = 0; position < contextTokens; position++) {
        cosines[position * pairs + pair] = Math.cos(position * frequency)
        sines[position * pairs + pair] = Math.sin(position * frequency)
      }
    }
    this.#graph.weight(COSINES, [contextTokens, pairs], cosines)
    this.#graph.weight(SINES, [contextTokens, pairs], sines)
  }

  embedding(): string {
    const { vocabulary, width } = this.#shape
    const name = 'token_embd.weight'
    const table = this.#graph.weight(name, [vocabulary, width], this.#weights.read(name, [width, vocabulary]))
    return this.#graph.node('Gather', [table, this.#graph.input(VALUES.tokens, 'int64', [1, 'tokens'])], 'embedded')
  }

  layer(layer: number, hidden: string): string {
    const at = (part: string): string => `blk.${layer}.${part}`
    const attended = this.#attention(layer, this.#norm(hidden, at('attn_norm')))
    const between = this.#graph.node('Add', [hidden, attended], at('between'))
    const normed = this.#norm(between, at('ffn_norm'))
    const { width, hidden: inner } = this.#shape
    const gate = this.#product(normed, at('ffn_gate'), width, inner)
    // x * sigmoid(alpha x): with alpha 1, SiLU.
    const silu = { domain: MICROSOFT, attributes: { alpha: { float: 1 } } }
    const gated = this.#graph.node(
      'Mul',
      [this.#graph.node('QuickGelu', [gate], at('silu'), silu), this.#product(normed, at('ffn_up'), width, inner)],
      at('gated'),
    )
    return this.#graph.node('Add', [between, this.#product(gated, at('ffn_down'), inner, width)], at('out'))
  }

  head(hidden: string): void {
    const { width, vocabulary } = this.#shape
    const chosen = this.#graph.input(VALUES.chosen, 'int64', ['chosen'])
    const rows = this.#graph.node('Gather', [hidden, chosen], 'chosen_hidden', { attributes: { axis: { integer: 1 } } })
    const normed = this.#norm(rows, 'output_norm')
    const name = this.#weights.has('output.weight') ? 'output.weight' : 'token_embd.weight'
    const matrix = this.#weights.readTransposed(name, width, vocabulary)
    this.#graph.node('MatMul', [normed, this.#graph.weight('head', [width, vocabulary], matrix)], VALUES.logits)
    this.#graph.output(VALUES.logits, 'float32', [1, 'chosen', vocabulary])
  }

  #attention(layer: number, normed: string): string {
    const { width, heads, keyHeads, headWidth, rotaryPairs } = this.#shape
    const at = (part: string): string => `blk.${layer}.${part}`
    const keys = keyHeads * headWidth
    const past = [1, keyHeads, 'past', headWidth] as const
    const present = [1, keyHeads, 'positions', headWidth] as const
    const attended = this.#graph.node(
      'GroupQueryAttention',
      [
        this.#product(normed, at('attn_q'), width, heads * headWidth),
        this.#product(normed, at('attn_k'), width, keys),
        this.#product(normed, at('attn_v'), width, keys),
        this.#graph.input(VALUES.pastKey(layer), 'float32', past),
        this.#graph.input(VALUES.pastValue(layer), 'float32', past),
        VALUES.lastPosition,
        VALUES.positions,
        COSINES,
        SINES,
      ],
      [at('attended'), VALUES.presentKey(layer), VALUES.presentValue(layer)],
      {
        domain: MICROSOFT,
        attributes: {
          num_heads: { integer: heads },
          kv_num_heads: { integer: keyHeads },
          do_rotary: { integer: 1 },
          rotary_interleaved: { integer: rotaryPairs === 'neighbours' ? 1 : 0 },
        },
      },
    )
    this.#graph.output(VALUES.presentKey(layer), 'float32', present)
    this.#graph.output(VALUES.presentValue(layer), 'float32', present)
    return this.#product(attended, at('attn_output'), heads * headWidth, width)
  }

  #norm(value: string, name: string): string {
    const { width, normEpsilon } = this.#shape
    const gain = this.#graph.weight(`${name}.weight`, [width], this.#weights.read(`${name}.weight`, [width]))
    return this.#graph.node('SimplifiedLayerNormalization', [value, gain], `${name}.normed`, {
      attributes: { axis: { integer: -1 }, epsilon: { float: normEpsilon } },
    })
  }

  /** x W, plus a bias where the file has one. */
  #product(value: string, name: string, columns: number, rows: number): string {
    const matrix = this.#weights.readTransposed(`${name}.weight`, columns, rows)
    const weight = this.#graph.weight(`${name}.weight`, [columns, rows], matrix)
    const product = this.#graph.node('MatMul', [value, weight], `${name}.product`)
    if (!this.#weights.has(`${name}.bias`)) return product
    const bias = this.#graph.weight(`${name}.bias`, [rows], this.#weights.read(`${name}.bias`, [rows]))
    return this.#graph.node('Add', [product, bias], `${name}.biased`)
  }
}
