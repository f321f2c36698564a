import { describe, expect, test } from 'vitest'
import { Decoder } from '#adapters/engine/onnx/decoder.ts'
import type { ModelCache, ModelOutput, TokenModel } from '#adapters/engine/onnx/slice-chain.ts'

const VOCABULARY = 4
const CHUNK = 4

/** Its logits at a position are the sum of all tokens up to there, which only a right cache gives. */
class SummingModel implements TokenModel {
  readonly runs: (readonly number[])[] = []
  readonly sums = new WeakMap<ModelCache, readonly number[]>()
  readonly empty: ModelCache = { positions: 0, slices: [] }

  truncate(cache: ModelCache, positions: number): ModelCache {
    return positions === cache.positions ? cache : this.#cache((this.sums.get(cache) ?? []).slice(0, positions))
  }

  run(tokens: readonly number[], past: ModelCache, chosen: readonly number[]): Promise<ModelOutput> {
    this.runs.push(tokens)
    const all = [...(this.sums.get(past) ?? []), ...tokens]
    const sumTo = (count: number) => all.slice(0, count).reduce((sum, token) => sum + token, 0)
    const rows = chosen.map((index) => new Array<number>(VOCABULARY).fill(sumTo(past.positions + index + 1)))
    return Promise.resolve({ cache: this.#cache(all), logits: Float32Array.from(rows.flat()) })
  }

  valuesOf(cache: ModelCache): readonly Float32Array[] {
    return [Float32Array.from(this.sums.get(cache) ?? [])]
  }

  cacheOf([values]: readonly Float32Array[]): ModelCache {
    return this.#cache(Array.from(values ?? []))
  }

  #cache(tokens: readonly number[]): ModelCache {
    const cache = { positions: tokens.length, slices: [] }
    this.sums.set(cache, tokens)
    return cache
  }
}

function decoderOf(model: SummingModel): Decoder {
  return new Decoder({ model, vocabulary: VOCABULARY, chunkTokens: CHUNK, contextTokens: 64, bytesPerToken: 8 })
}

async function read(
  decoder: Decoder,
  tokens: readonly number[],
  from: number,
  { signal, borrowed = false }: { signal?: AbortSignal; borrowed?: boolean } = {},
) {
  const seen: [number, number][] = []
  const wanted = tokens.map((_, position) => position).slice(from)
  const onLogits = (logits: Float32Array, position: number) => seen.push([position, logits[0] ?? -1])
  const cache = await decoder.read(tokens, wanted, onLogits, { signal, borrowed })
  return { seen, cache }
}

const sums = (tokens: readonly number[], from: number): [number, number][] =>
  tokens.flatMap((_, i) => (i < from ? [] : [[i, tokens.slice(0, i + 1).reduce((a, b) => a + b, 0)]]))

const ONE_TO_TEN = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

test.each([0, 3, 4, 5, 9])('gives the logits of every position from %i on, across chunks', async (from) => {
  const { seen } = await read(decoderOf(new SummingModel()), ONE_TO_TEN, from)
  expect(seen).toEqual(sums(ONE_TO_TEN, from))
})

test('goes on from what it has read', async () => {
  const model = new SummingModel()
  const decoder = decoderOf(model)
  const { cache } = await read(decoder, ONE_TO_TEN, 9)
  expect((await decoder.step(11, cache)).logits[0]).toBe(66)
})

describe('a prefix that was read before', () => {
  test('is not read again, in whole chunks, and changes nothing', async () => {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    await read(decoder, ONE_TO_TEN, 9)
    model.runs.length = 0
    const longer = [...ONE_TO_TEN, 11, 12]
    expect((await read(decoder, longer, 10)).seen).toEqual(sums(longer, 10))
    expect(model.runs).toEqual([[9, 10, 11, 12]])
  })

  test('is taken as far as it is the same', async () => {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    await read(decoder, ONE_TO_TEN, 9)
    model.runs.length = 0
    const other = [1, 2, 3, 4, 5, 0, 0, 0, 0]
    expect((await read(decoder, other, 8)).seen).toEqual(sums(other, 8))
    expect(model.runs).toEqual([[5, 0, 0, 0], [0]])
  })

  test('is read again where its logits are wanted', async () => {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    await read(decoder, ONE_TO_TEN, 9)
    expect((await read(decoder, ONE_TO_TEN, 2)).seen).toEqual(sums(ONE_TO_TEN, 2))
  })

  test('is not what was decoded, whose last bits may differ', async () => {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    let { cache } = await read(decoder, [1, 2], 1)
    for (const token of [3, 4, 5]) cache = (await decoder.step(token, cache)).cache
    model.runs.length = 0
    await read(decoder, [1, 2, 3, 4, 5], 4)
    expect(model.runs).toEqual([[1, 2, 3, 4], [5]])
  })

  test('of a fifth conversation takes the place of the oldest', async () => {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    for (let first = 1; first <= 5; first++) await read(decoder, [first, 0, 0, 0, 0], 4)
    model.runs.length = 0
    await read(decoder, [5, 0, 0, 0, 0], 4)
    await read(decoder, [1, 0, 0, 0, 0], 4)
    expect(model.runs).toEqual([[0], [1, 0, 0, 0], [0]])
  })
})

test('gives only the logits that are wanted', async () => {
  const seen: number[] = []
  const decoder = decoderOf(new SummingModel())
  await decoder.read(ONE_TO_TEN, [1, 6, 9], (logits, position) => seen.push(position, logits[0] ?? -1))
  expect(seen).toEqual([1, 3, 6, 28, 9, 55])
})

describe('a prefix that another node has read', () => {
  /** It says that the tokens were others, which shows in every sum. */
  function lent(): Decoder {
    const model = new SummingModel()
    const decoder = decoderOf(model)
    decoder.borrow({ tokens: [1, 2, 3, 4], cache: model.cacheOf([Float32Array.of(1, 2, 3, 104)]) })
    return decoder
  }

  test('is gone on from only where the caller says so', async () => {
    const decoder = lent()
    const borrowing = await read(decoder, ONE_TO_TEN, 9, { borrowed: true })
    expect(borrowing.seen).toEqual([[9, 155]])
    expect((await read(decoder, ONE_TO_TEN, 9)).seen).toEqual([[9, 55]])
  })

  test('never mixes into what was read here', async () => {
    const decoder = lent()
    await read(decoder, ONE_TO_TEN, 9, { borrowed: true })
    expect(decoder.known(ONE_TO_TEN)).toBeNull()
    await read(decoder, ONE_TO_TEN, 9)
    expect(decoder.known([...ONE_TO_TEN, 11])?.tokens).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    const own = await read(decoder, [...ONE_TO_TEN, 11, 12, 13], 12)
    expect(own.seen).toEqual([[12, 91]])
  })

  test('gives way to a longer one that was read here', async () => {
    const decoder = lent()
    await read(decoder, ONE_TO_TEN, 9)
    expect((await read(decoder, ONE_TO_TEN, 9, { borrowed: true })).seen).toEqual([[9, 55]])
  })
})

test('an abort ends reading between chunks', async () => {
  const abort = new AbortController()
  const model = new SummingModel()
  const reading = read(decoderOf(model), ONE_TO_TEN, 9, { signal: abort.signal })
  abort.abort()
  await expect(reading).rejects.toThrow('aborted')
  expect(model.runs.length).toBeLessThan(3)
})
