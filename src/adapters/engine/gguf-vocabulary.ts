import { ModelLoadError } from '#ports/engine.ts'
import type { GgufLayout } from './gguf-layout.ts'

/** What the engine must know of a model's tokens, which llama.cpp in WASM does not tell. */
export interface Vocabulary {
  /** Texts that the tokenizer would read as control tokens, such as `<|end|>`. */
  readonly controlTexts: readonly string[]
  readonly controlTokens: readonly number[]
  /** Tokens that are not whole UTF-8 characters. */
  readonly brokenTokens: readonly number[]
  /** Characters that are a token by themselves, so that every text over them can be spelled. */
  readonly alphabet: ReadonlySet<string>
}

const CONTROL = 3

/** Throws `ModelLoadError` where the model's tokens are not byte-level BPE. */
export function readVocabulary({ metadata }: Pick<GgufLayout, 'metadata'>): Vocabulary {
  const tokenizer = metadata.get('tokenizer.ggml.model')
  const tokens = metadata.get('tokenizer.ggml.tokens')
  const types = metadata.get('tokenizer.ggml.token_type')
  if (tokenizer !== 'gpt2' || !Array.isArray(tokens) || !Array.isArray(types)) {
    throw new ModelLoadError('The model has no byte-level BPE tokenizer, which is the only kind this engine reads.')
  }
  return vocabularyOf(tokens.map(String), types.map(Number))
}

function vocabularyOf(tokens: readonly string[], types: readonly number[]): Vocabulary {
  const byteOf = byteOfCharacter()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  const controlTexts: string[] = []
  const controlTokens: number[] = []
  const brokenTokens: number[] = []
  const alphabet = new Set<string>()
  for (const [id, token] of tokens.entries()) {
    if (types[id] === CONTROL) {
      controlTokens.push(id)
      controlTexts.push(token)
      continue
    }
    try {
      const text = decoder.decode(Uint8Array.from(token, (character) => byteOf.get(character) ?? 0xff))
      if ([...text].length === 1) alphabet.add(text)
    } catch {
      brokenTokens.push(id)
    }
  }
  return { controlTexts, controlTokens, brokenTokens, alphabet }
}

/** The inverse of GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, encoder.py, `bytes_to_unicode`). */
function byteOfCharacter(): ReadonlyMap<string, number> {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  const byteOf = new Map<string, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) byteOf.set(String.fromCharCode(printable(byte) ? byte : next++), byte)
  return byteOf
}
