import { md5 } from '@noble/hashes/legacy.js'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { WebLlmModel } from '#adapters/engine/webllm-catalogue.ts'

/** A model that web-llm's host could have, small enough for tests. */
export function fakeModel(id: string, change: Partial<WebLlmModel> = {}): WebLlmModel {
  return {
    id,
    name: `Fake ${id}`,
    licence: 'MIT',
    tier: 2,
    runsOn: 'graphics',
    contextTokens: 512,
    downloadBytes: 300_000,
    memoryBytes: 1_000_000,
    hosts: ['models.example', 'libraries.example'],
    weightsUrl: `https://models.example/${id}/resolve/main/`,
    libraryUrl: `https://libraries.example/${id}-webgpu.wasm`,
    needsF16: false,
    lowResource: true,
    thinks: false,
    ...change,
  }
}

export const SHARD_BYTES = 100_000
export const SHARDS = 3
export const STOP_TOKEN = 101
export const BANNED_TOKEN = 102
export const CONTROL_TEXTS = ['<|end|>', '<|assistant|>'] as const

const encode = (content: unknown): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(content))

function filesOf(model: WebLlmModel): [string, Uint8Array<ArrayBuffer>][] {
  const shards = Array.from({ length: SHARDS }, (_, i) => new Uint8Array(SHARD_BYTES).fill(i + 1))
  const at = (name: string): string => `${model.weightsUrl}${name}`
  return [
    [
      at('mlc-chat-config.json'),
      encode({
        tokenizer_files: ['tokenizer.json'],
        conv_template: { stop_token_ids: [STOP_TOKEN], seps: ['<|end|>'] },
      }),
    ],
    [
      at('tensor-cache.json'),
      encode({
        records: shards.map((shard, i) => ({
          dataPath: `params_shard_${i}.bin`,
          nbytes: shard.length,
          md5sum: bytesToHex(md5(shard)),
        })),
      }),
    ],
    [
      at('tokenizer.json'),
      encode({
        added_tokens: [
          { id: STOP_TOKEN, content: CONTROL_TEXTS[0], special: true },
          { id: BANNED_TOKEN, content: CONTROL_TEXTS[1], special: true },
          { id: 103, content: '\n\n', special: false },
        ],
        model: { vocab: { '1': 11, '2': 12, '3': 13, '4': 14, '5': 15, a: 16 } },
      }),
    ],
    [model.libraryUrl, encode({ library: model.id })],
    ...shards.map((shard, i) => [at(`params_shard_${i}.bin`), shard] as [string, Uint8Array<ArrayBuffer>]),
  ]
}

/** The hosts of models: serves their files, remembers what was asked for, and fails as told. */
export class FakeModelHost {
  readonly files = new Map<string, Uint8Array<ArrayBuffer>>()
  readonly asked: string[] = []
  /** By the end of a URL: what happens instead. `hang` gives half of the file, and then nothing. */
  readonly trouble = new Map<string, 404 | 503 | 'offline' | 'cut' | 'hang'>()

  constructor(models: readonly WebLlmModel[]) {
    for (const model of models) for (const [url, bytes] of filesOf(model)) this.files.set(url, bytes)
  }

  readonly fetch: typeof globalThis.fetch = async (input, { signal } = {}) => {
    const url = String(input)
    this.asked.push(url)
    signal?.throwIfAborted()
    const trouble = [...this.trouble].find(([end]) => url.endsWith(end))?.[1]
    if (trouble === 'offline') throw new TypeError('Failed to fetch')
    if (typeof trouble === 'number') return new Response(null, { status: trouble })
    const bytes = this.files.get(url)
    if (!bytes) return new Response(null, { status: 404 })
    return new Response(stream(trouble ? bytes.slice(0, bytes.length / 2) : bytes, trouble === 'hang' ? signal : null))
  }
}

/** In several pieces, as a network brings them; with a signal it never ends but by that. */
function stream(bytes: Uint8Array<ArrayBuffer>, endless: AbortSignal | null | undefined) {
  let offset = 0
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      if (offset < bytes.length) {
        controller.enqueue(bytes.slice(offset, (offset += 40_000)))
      } else if (endless) {
        if (!endless.aborted) await new Promise((resolve) => endless.addEventListener('abort', resolve))
        controller.error(endless.reason)
      } else {
        controller.close()
      }
    },
  })
}
