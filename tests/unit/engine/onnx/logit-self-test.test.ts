import { describe, expect, test } from 'vitest'
import type { TokenModel } from '#adapters/engine/onnx/slice-chain.ts'
import { GRAPHICS_CHUNKS, referenceLogits, soundChunk } from '#adapters/engine/onnx/logit-self-test.ts'

const SIZES = { vocabulary: 640, contextTokens: 256 }

/** Logits that hang on the token, its position and the logit; `wrong` changes them where so many tokens come at once. */
function modelThat(wrong: (together: number, value: number) => number): TokenModel {
  const empty = { positions: 0, slices: [] }
  return {
    empty,
    truncate: () => empty,
    valuesOf: () => [],
    cacheOf: () => empty,
    run: async (tokens, past, chosen) => {
      const logits = chosen.flatMap((at) =>
        Array.from({ length: SIZES.vocabulary }, (_, logit) =>
          wrong(tokens.length, Math.sin((tokens[at] ?? 0) + (past.positions + at) * 0.1 + logit)),
        ),
      )
      return {
        cache: { positions: past.positions + tokens.length, slices: [] },
        logits: Float32Array.from(logits),
      }
    },
  }
}

const exact = modelThat((_, value) => value)

describe('the logit self-test', () => {
  test('takes the largest chunk where all are right, rounding included', async () => {
    const reference = await referenceLogits(exact, SIZES, 32)
    expect(await soundChunk(exact, SIZES, reference)).toBe(GRAPHICS_CHUNKS[0])
    const rounding = modelThat((_, value) => value + 1e-3)
    expect(await soundChunk(rounding, SIZES, reference)).toBe(GRAPHICS_CHUNKS[0])
  })

  test.each([
    [32, 31],
    [17, 16],
  ])('wrong from %i tokens on: chunks of %i', async (from, chunk) => {
    const reference = await referenceLogits(exact, SIZES, 32)
    const wrong = modelThat((together, value) => (together >= from ? -value : value))
    expect(await soundChunk(wrong, SIZES, reference)).toBe(chunk)
  })

  test.each([
    ['wrong everywhere', (_: number, value: number) => value + 1],
    ['no numbers', () => Number.NaN],
  ])('%s: refused', async (_, wrong) => {
    const reference = await referenceLogits(exact, SIZES, 32)
    await expect(soundChunk(modelThat(wrong), SIZES, reference)).rejects.toMatchObject({ name: 'UnsoundBackendError' })
  })

  test('a reference of another text is none', async () => {
    const reference = await referenceLogits(exact, { ...SIZES, contextTokens: 40 }, 32)
    await expect(soundChunk(exact, SIZES, reference)).rejects.toMatchObject({ name: 'UnsoundBackendError' })
  })
})
