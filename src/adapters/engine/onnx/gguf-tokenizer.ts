import { Tokenizer as BpeTokenizer } from '@huggingface/tokenizers'
import { ModelUnsupportedError } from '#ports/engine.ts'
import type { GgufLayout } from '../gguf-layout.ts'
import { byteOfCharacter } from '../gguf-vocabulary.ts'

/** GPT-2's, Llama 3's and Qwen 2's ways of cutting a text before merging (llama.cpp, src/llama-vocab.cpp). */
const GPT2 = String.raw`'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
const LLAMA3 = String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
const QWEN2 = LLAMA3.replace(String.raw`\p{N}{1,3}`, String.raw`\p{N}`)

/** By `tokenizer.ggml.pre`: the patterns that cut one after another. */
const CUTS: Readonly<Record<string, readonly string[]>> = {
  'gpt-2': [GPT2],
  smollm: [String.raw`\p{N}`, GPT2],
  'llama-bpe': [LLAMA3],
  qwen2: [QWEN2],
}

/** Kinds of tokens (ggml's `LLAMA_TOKEN_TYPE`) that stand for no text of their own. */
const CONTROL = 3
const USER_DEFINED = 4

/** Names that end a turn, whatever the file says of its end token (llama.cpp calls them "end of generation"). */
const ENDS = ['<|end|>', '<|im_end|>', '<|eot_id|>', '<|eom_id|>', '<|endoftext|>', '<end_of_turn>', '<|end_of_text|>']

/** Text to tokens and back, by byte-level BPE, as the model's file has it. */
export class GgufTokenizer {
  /** Texts that stand for a control token where a prompt may hold one. */
  readonly controlTexts: readonly string[]
  readonly controlTokens: readonly number[]
  /** Tokens that end a turn. */
  readonly endTokens: ReadonlySet<number>
  /** What a turn's end is written as when an answer is scored. */
  readonly endToken: number
  readonly bosToken: number | null
  readonly #plain: BpeTokenizer
  readonly #withControls: BpeTokenizer
  readonly #bytes: readonly (Uint8Array<ArrayBuffer> | null)[]

  /** Throws `ModelUnsupportedError`. */
  constructor({ metadata }: Pick<GgufLayout, 'metadata'>) {
    const model = metadata.get('tokenizer.ggml.model')
    const pre = String(metadata.get('tokenizer.ggml.pre') ?? 'gpt-2')
    const cuts = CUTS[pre === 'default' ? 'gpt-2' : pre]
    if (model !== 'gpt2' || !cuts) throw new ModelUnsupportedError(`Its tokenizer is "${String(model)}" (${pre}).`)
    const tokens = strings(metadata, 'tokenizer.ggml.tokens')
    const types = metadata.get('tokenizer.ggml.token_type')
    const kindOf = (id: number): number => (Array.isArray(types) ? Number(types[id]) : 1)
    const added = tokens.flatMap((content, id) =>
      kindOf(id) === CONTROL || kindOf(id) === USER_DEFINED ? [{ id, content, special: kindOf(id) === CONTROL }] : [],
    )
    const json = {
      model: {
        type: 'BPE',
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: strings(metadata, 'tokenizer.ggml.merges'),
        ignore_merges: pre === 'llama-bpe',
      },
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [
          ...cuts.map((cut) => ({ type: 'Split', pattern: { Regex: cut }, behavior: 'Isolated' })),
          { type: 'ByteLevel', add_prefix_space: false, use_regex: false },
        ],
      },
      decoder: { type: 'ByteLevel' },
      normalizer: null,
      post_processor: null,
    }
    this.#plain = new BpeTokenizer({ ...json, added_tokens: [] } as never, {})
    this.#withControls = new BpeTokenizer({ ...json, added_tokens: added } as never, {})
    this.controlTokens = added.filter(({ special }) => special).map(({ id }) => id)
    this.controlTexts = added.filter(({ special }) => special).map(({ content }) => content)
    const eos = metadata.get('tokenizer.ggml.eos_token_id')
    const named = added.filter(({ content }) => ENDS.includes(content)).map(({ id }) => id)
    this.endToken = typeof eos === 'number' ? eos : (named[0] ?? -1)
    if (!(this.endToken >= 0 && this.endToken < tokens.length)) throw new ModelUnsupportedError('It has no end token.')
    this.endTokens = new Set([this.endToken, ...named])
    const bos = metadata.get('tokenizer.ggml.bos_token_id')
    this.bosToken = metadata.get('tokenizer.ggml.add_bos_token') === true && typeof bos === 'number' ? bos : null
    const controls = new Set(this.controlTokens)
    this.#bytes = tokens.map((token, id) => (controls.has(id) ? null : bytesOf(token)))
  }

  get size(): number {
    return this.#bytes.length
  }

  textOf(token: number): string {
    return this.controlTexts[this.controlTokens.indexOf(token)] ?? ''
  }

  /** A rendered prompt: control tokens are read where they stand. */
  encodePrompt(text: string): number[] {
    const ids = this.#withControls.encode(text, { add_special_tokens: false }).ids
    return this.bosToken !== null && ids[0] !== this.bosToken ? [this.bosToken, ...ids] : ids
  }

  /** A text as data: nothing in it is read as a control token. */
  encodeText(text: string): number[] {
    return text === '' ? [] : this.#plain.encode(text, { add_special_tokens: false }).ids
  }

  /** The bytes that a token stands for; none for a control token. */
  bytesOf(token: number): Uint8Array<ArrayBuffer> {
    return this.#bytes[token] ?? new Uint8Array(0)
  }
}

function strings(metadata: GgufLayout['metadata'], key: string): string[] {
  const value = metadata.get(key)
  if (!Array.isArray(value)) throw new ModelUnsupportedError(`The file has no "${key}".`)
  return value.map(String)
}

const BYTE_OF = byteOfCharacter()

/** A token that is not spelled in stand-ins is added text, and stands for itself. */
function bytesOf(token: string): Uint8Array<ArrayBuffer> {
  const bytes = Array.from(token, (character) => BYTE_OF.get(character))
  return bytes.includes(undefined) ? new TextEncoder().encode(token) : Uint8Array.from(bytes as number[])
}
