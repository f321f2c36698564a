import * as v from 'valibot'
import { ModelDamagedError } from '#ports/engine.ts'
import type { WebLlmModel } from './webllm-catalogue.ts'

/** The files of a web-llm model, as its configuration and its manifest name them. */

/** The scopes under which web-llm looks for files in the Cache API. */
export type Scope = 'webllm/config' | 'webllm/wasm' | 'webllm/model'

export interface ModelFile {
  readonly scope: Scope
  readonly url: string
  /** By which digests in the catalogue go. */
  readonly name: string
}

/** A part of the weights. */
export interface Shard extends ModelFile {
  readonly sizeBytes: number
  /** As the manifest states it: it finds damage, and no malice beyond the manifest's own. */
  readonly md5: string | null
}

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0))

const Config = v.object({
  tokenizer_files: v.array(v.string()),
  conv_template: v.object({ stop_token_ids: v.array(count) }),
})

const Manifest = v.object({
  records: v.pipe(
    v.array(
      v.object({
        dataPath: v.string(),
        nbytes: count,
        md5sum: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/))),
      }),
    ),
    v.minLength(1),
  ),
})

const Tokenizer = v.object({
  added_tokens: v.array(v.object({ id: count, content: v.string(), special: v.boolean() })),
  model: v.object({ vocab: v.record(v.string(), count) }),
})

const TOKENIZER = 'tokenizer.json'

/** The two files that a download begins with. */
export function firstFiles({ weightsUrl }: WebLlmModel): { config: ModelFile; manifest: ModelFile } {
  const at = (scope: Scope, name: string): ModelFile => ({ scope, name, url: `${weightsUrl}${name}` })
  return { config: at('webllm/config', 'mlc-chat-config.json'), manifest: at('webllm/model', 'tensor-cache.json') }
}

export function libraryFile({ libraryUrl }: WebLlmModel): ModelFile {
  return { scope: 'webllm/wasm', url: libraryUrl, name: libraryUrl.slice(libraryUrl.lastIndexOf('/') + 1) }
}

/** Throws `ModelDamagedError` for a configuration that names no tokenizer which this engine reads. */
export function tokenizerFile({ id, weightsUrl }: WebLlmModel, config: Uint8Array): ModelFile {
  const { tokenizer_files } = parse(Config, config, id)
  if (!tokenizer_files.includes(TOKENIZER)) throw new ModelDamagedError(`The model "${id}" has no ${TOKENIZER}.`)
  return { scope: 'webllm/model', url: `${weightsUrl}${TOKENIZER}`, name: TOKENIZER }
}

/** Throws `ModelDamagedError`, also for a manifest that points away from the model's own folder. */
export function shardsOf({ id, weightsUrl }: WebLlmModel, manifest: Uint8Array): Shard[] {
  return parse(Manifest, manifest, id).records.map(({ dataPath, nbytes, md5sum }) => {
    const { href } = new URL(dataPath, weightsUrl)
    if (!href.startsWith(weightsUrl)) throw new ModelDamagedError(`The model "${id}" names files of another place.`)
    return { scope: 'webllm/model', url: href, name: dataPath, sizeBytes: nbytes, md5: md5sum ?? null }
  })
}

/** What generating and judging must know of a model's tokens. */
export interface ControlTokens {
  /** Texts that the tokenizer would read as control tokens where they stand in a message. */
  readonly texts: readonly string[]
  /** Control tokens that are no end: they render as nothing or as markup, so they must not be said. */
  readonly unspeakable: readonly number[]
  /** From a character to the token that is that character. */
  idOf(character: string): number | null
}

/** Throws `ModelDamagedError`. */
export function readControlTokens(modelId: string, config: Uint8Array, tokenizer: Uint8Array): ControlTokens {
  const { conv_template: template } = parse(Config, config, modelId)
  const { added_tokens: added, model } = parse(Tokenizer, tokenizer, modelId)
  // The markers of turns are plain added tokens in some vocabularies; the template tells which these are.
  const written = new TextDecoder().decode(config)
  const control = added.filter(
    ({ id, content, special }) =>
      special || template.stop_token_ids.includes(id) || (/^\S{3,}$/.test(content) && written.includes(content)),
  )
  return {
    texts: control.map(({ content }) => content).filter((content) => content.trim().length > 1),
    unspeakable: control.map(({ id }) => id).filter((id) => !template.stop_token_ids.includes(id)),
    idOf: (character) => (Object.hasOwn(model.vocab, character) ? (model.vocab[character] ?? null) : null),
  }
}

function parse<T extends v.GenericSchema>(schema: T, bytes: Uint8Array, modelId: string): v.InferOutput<T> {
  let content: unknown
  try {
    content = JSON.parse(new TextDecoder().decode(bytes))
  } catch (error) {
    throw new ModelDamagedError(`A file of the model "${modelId}" cannot be read.`, { cause: error })
  }
  const parsed = v.safeParse(schema, content)
  if (parsed.success) return parsed.output
  throw new ModelDamagedError(`A file of the model "${modelId}" is damaged: ${v.summarize(parsed.issues)}`)
}
