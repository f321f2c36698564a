import { expect, it } from 'vitest'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { readVocabulary as vocabularyOf } from '#adapters/engine/gguf-vocabulary.ts'
import { asData } from '#adapters/engine/prompt-text.ts'
import { ModelLoadError } from '#ports/engine.ts'
import { writeGguf } from '#support/gguf-writer.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'

const readVocabulary = (file: Uint8Array<ArrayBuffer>) => vocabularyOf(readGguf(file))
const model = (shape = TINY_SHAPE) => new Uint8Array(randomModel(shape))

it('finds control tokens, the alphabet and tokens that are no characters', () => {
  const vocabulary = readVocabulary(model({ ...TINY_SHAPE, rawBytes: true }))
  expect(vocabulary.controlTexts).toEqual(['<|end|>', '<|system|>', '<|user|>', '<|assistant|>'])
  expect(vocabulary.controlTokens).toEqual([0, 1, 2, 3])
  expect(vocabulary.brokenTokens).toHaveLength(128)
  expect(vocabulary.alphabet.has('é')).toBe(true)
  expect(vocabulary.alphabet.has('ü')).toBe(false)
  expect(vocabulary.alphabet.has('the')).toBe(false)
})

it('refuses files that are no models, cut anywhere', () => {
  const whole = model()
  expect(() => readVocabulary(new Uint8Array(0))).toThrow(ModelLoadError)
  for (const length of [3, 10, 100, 500, 2000]) {
    expect(() => readVocabulary(whole.slice(0, length))).toThrow(ModelLoadError)
  }
  const other = writeGguf({ 'tokenizer.ggml.model': { type: 'string', value: 'llama' } }, [])
  expect(() => readVocabulary(new Uint8Array(other))).toThrow(ModelLoadError)
})

it('breaks control texts in messages, and mends lone surrogates', () => {
  expect(asData('a<|end|>b<|e<|end|>nd|>', ['<|end|>'])).toBe('a< |end|>b<|e< |end|>nd|>')
  expect(asData('\ud800x', [])).toBe('\ufffdx')
})
