import type * as OrtModule from 'onnxruntime-web/wasm'
import type { InferenceSession, Tensor, TypedTensor } from 'onnxruntime-web/wasm'
import { VALUES, type Slice } from './decoder-graph.ts'
import type { ModelShape } from './model-shape.ts'
import type { OnnxModel } from './onnx-graph.ts'
import { runError, startError } from './ort-errors.ts'

/** What of onnxruntime is used, so that tabs and Node may each bring the build that suits them. */
export type Ort = Pick<typeof OrtModule, 'InferenceSession' | 'Tensor'>

/** Keys and values of one layer, each float32 [1, key heads, positions, head width]. */
export interface LayerCache {
  readonly key: TypedTensor<'float32'>
  readonly value: TypedTensor<'float32'>
}

/** What a slice remembers of the positions before. Immutable: each run gives a new one. */
export interface SliceCache {
  readonly positions: number
  /** One for each layer of the slice. */
  readonly layers: readonly LayerCache[]
}

export type SliceInput =
  { readonly tokens: readonly number[] } | { readonly hidden: Float32Array; readonly length: number }

export interface SliceOutput {
  readonly cache: SliceCache
  /** float32 [length, width]; null for the last slice. */
  readonly hidden: Float32Array | null
  /** float32 [chosen, vocabulary]; null for any slice but the last. */
  readonly logits: Float32Array | null
}

/** A slice of a model in onnxruntime. One run at a time, by the caller's care. */
export class SliceSession {
  readonly #ort: Ort
  readonly #session: InferenceSession
  readonly #shape: ModelShape
  readonly #slice: Slice

  private constructor(ort: Ort, session: InferenceSession, shape: ModelShape, slice: Slice) {
    this.#ort = ort
    this.#session = session
    this.#shape = shape
    this.#slice = slice
  }

  /** Throws `ModelLoadError`, `UnsupportedBrowserError`, `OutOfMemoryError`. */
  static async start(
    ort: Ort,
    model: OnnxModel,
    shape: ModelShape,
    slice: Slice,
    executionProvider: 'wasm' | 'webgpu',
  ): Promise<SliceSession> {
    try {
      const session = await ort.InferenceSession.create(model.graph, {
        executionProviders: [executionProvider],
        externalData: model.weights.map(({ name, values }) => ({ path: name, data: new Uint8Array(values.buffer) })),
      })
      return new SliceSession(ort, session, shape, slice)
    } catch (error) {
      throw startError(error)
    }
  }

  get layers(): number {
    return this.#slice.to - this.#slice.from
  }

  get empty(): SliceCache {
    return this.cacheOf([], 0)
  }

  /** A cache of these numbers: for each layer its keys, then its values, each [key heads, positions, head width]. */
  cacheOf(values: readonly Float32Array[], positions: number): SliceCache {
    const { keyHeads, headWidth } = this.#shape
    const tensor = (index: number) =>
      new this.#ort.Tensor('float32', values[index] ?? new Float32Array(0), [1, keyHeads, positions, headWidth])
    const layers = Array.from({ length: this.layers }, (_, layer) => ({
      key: tensor(layer * 2),
      value: tensor(layer * 2 + 1),
    }))
    return { positions, layers }
  }

  /** The same cache up to a position: a copy, bit by bit. */
  truncate(cache: SliceCache, positions: number): SliceCache {
    if (positions >= cache.positions) return cache
    const cut = (tensor: TypedTensor<'float32'>) => {
      const { keyHeads, headWidth } = this.#shape
      const kept = new Float32Array(keyHeads * positions * headWidth)
      for (let head = 0; head < keyHeads; head++) {
        const start = head * cache.positions * headWidth
        kept.set(tensor.data.subarray(start, start + positions * headWidth), head * positions * headWidth)
      }
      return new this.#ort.Tensor('float32', kept, [1, keyHeads, positions, headWidth])
    }
    return { positions, layers: cache.layers.map(({ key, value }) => ({ key: cut(key), value: cut(value) })) }
  }

  /** `chosen`: of which of these positions logits are wanted, counted from the first of them. Throws `EngineCrashedError`, `OutOfMemoryError`. */
  async run(input: SliceInput, past: SliceCache, chosen: readonly number[]): Promise<SliceOutput> {
    const { from, to } = this.#slice
    const length = 'tokens' in input ? input.tokens.length : input.length
    const positions = past.positions + length
    const feeds: Record<string, Tensor> = {
      [VALUES.lastPosition]: new this.#ort.Tensor('int32', Int32Array.of(positions - 1), [1]),
      [VALUES.positions]: new this.#ort.Tensor('int32', Int32Array.of(positions), []),
    }
    if ('tokens' in input) feeds[VALUES.tokens] = this.#integers(input.tokens, [1, length])
    else feeds[VALUES.hiddenIn] = new this.#ort.Tensor('float32', input.hidden, [1, length, this.#shape.width])
    if (to === this.#shape.layers) feeds[VALUES.chosen] = this.#integers(chosen, [chosen.length])
    past.layers.forEach(({ key, value }, index) => {
      feeds[VALUES.pastKey(from + index)] = key
      feeds[VALUES.pastValue(from + index)] = value
    })
    let results: InferenceSession.OnnxValueMapType
    try {
      results = await this.#session.run(feeds)
    } catch (error) {
      throw runError(error)
    }
    const floats = (name: string) => results[name] as TypedTensor<'float32'> | undefined
    const layers = past.layers.map((_, index) => ({
      key: floats(VALUES.presentKey(from + index)) as TypedTensor<'float32'>,
      value: floats(VALUES.presentValue(from + index)) as TypedTensor<'float32'>,
    }))
    return {
      cache: { positions, layers },
      hidden: floats(VALUES.hiddenOut)?.data ?? null,
      logits: floats(VALUES.logits)?.data ?? null,
    }
  }

  /** Ends the session and frees its memory. */
  async stop(): Promise<void> {
    await this.#session.release()
  }

  #integers(values: readonly number[], dimensions: readonly number[]): Tensor {
    return new this.#ort.Tensor('int64', BigInt64Array.from(values, BigInt), dimensions)
  }
}
