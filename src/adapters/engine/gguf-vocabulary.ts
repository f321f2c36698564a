import { ModelLoadError } from '#ports/engine.ts'
import type { GgufLayout } from './gguf-layout.ts'

/** What the engine must know of a model's tokens, which llama.cpp in WASM does not tell. */
export interface Vocabulary {
  /** Texts that the tokenizer would read as control tokens, such as `<|end|>`. */
  readonly controlTexts: readonly string[]
  readonly controlTokens: readonly number[]
  /** Tokens that are not whole UTF-8 characters. */
  readonly brokenTokens: readonly number[]
  /** Characters that are a token by themselves, and which: every text over them can be spelled. */
  readonly alphabet: ReadonlyMap<string, number>
}

const UNKNOWN = 2
const CONTROL = 3
const BYTE = 6

/** The text that a token stands for; null where it is no whole characters. */
type Spelling = (token: string, type: number | undefined) => string | null

/** Throws `ModelLoadError` where the model's tokens are neither byte-level BPE nor SentencePiece's. */
export function readVocabulary({ metadata }: Pick<GgufLayout, 'metadata'>): Vocabulary {
  const tokenizer = metadata.get('tokenizer.ggml.model')
  const tokens = metadata.get('tokenizer.ggml.tokens')
  const types = metadata.get('tokenizer.ggml.token_type')
  const spelling = SPELLINGS.get(String(tokenizer))
  if (!spelling || !Array.isArray(tokens) || !Array.isArray(types)) {
    throw new ModelLoadError('The model has a kind of tokenizer that this engine does not read.')
  }
  return vocabularyOf(tokens.map(String), types.map(Number), spelling())
}

function vocabularyOf(tokens: readonly string[], types: readonly number[], spell: Spelling): Vocabulary {
  const controlTexts: string[] = []
  const controlTokens: number[] = []
  const brokenTokens: number[] = []
  const alphabet = new Map<string, number>()
  for (const [id, token] of tokens.entries()) {
    if (types[id] === CONTROL || types[id] === UNKNOWN) {
      controlTokens.push(id)
      if (token.length > 1) controlTexts.push(token)
      continue
    }
    const text = spell(token, types[id])
    if (text === null) brokenTokens.push(id)
    else if (isOneCharacter(text) && !alphabet.has(text)) alphabet.set(text, id)
  }
  return { controlTexts, controlTokens, brokenTokens, alphabet }
}

const isOneCharacter = (text: string): boolean => text.length <= 2 && [...text].length === 1

/** By llama.cpp's names of tokenizers. */
const SPELLINGS: ReadonlyMap<string, () => Spelling> = new Map([
  ['gpt2', byteLevel],
  ['llama', sentencePiece],
])

function byteLevel(): Spelling {
  const byteOf = byteOfCharacter()
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  return (token) => {
    try {
      return decoder.decode(Uint8Array.from(token, (character) => byteOf.get(character) ?? 0xff))
    } catch {
      return null
    }
  }
}

/** Spaces are written as a low line of their own, and bytes that no word holds as `<0x..>`. */
function sentencePiece(): Spelling {
  return (token, type) => {
    if (type !== BYTE) return token.replaceAll('▁', ' ')
    const byte = Number.parseInt(token.slice(3, 5), 16)
    return byte < 0x80 ? String.fromCharCode(byte) : null
  }
}

/** The inverse of GPT-2's printable stand-ins for the 256 bytes (openai/gpt-2, encoder.py, `bytes_to_unicode`). */
export function byteOfCharacter(): ReadonlyMap<string, number> {
  const printable = (byte: number): boolean =>
    (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
  const byteOf = new Map<string, number>()
  let next = 256
  for (let byte = 0; byte < 256; byte++) byteOf.set(String.fromCharCode(printable(byte) ? byte : next++), byte)
  return byteOf
}
