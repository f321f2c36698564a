import type { ShelfModel } from '#ports/model-shelf.ts'

/**
 * The models of web-llm's own list (`prebuiltAppConfig`) that are offered here. The numbers stand here again so that
 * a choice can be shown without fetching 2 MB of library; a test compares them with the installed library's.
 */
export interface WebLlmModel extends ShelfModel {
  /** Where the weights, the configuration and the tokenizer are, with the last slash. */
  readonly weightsUrl: string
  /** The compiled model, which only goes with the library's version. */
  readonly libraryUrl: string
  readonly needsF16: boolean
  /** Runs where the graphics device binds small buffers only, as on phones. */
  readonly lowResource: boolean
  /** A thinking model, which is told not to. */
  readonly thinks: boolean
  /** SHA-256 (hex) by file name, where we have seen the file and can vouch for it. */
  readonly digests?: Readonly<Record<string, string>>
}

/** What the compiled models were built for: `modelVersion` of the installed library. */
export const LIBRARY_VERSION = 'v0_2_86/base'

const WEIGHTS_HOST = 'huggingface.co'
const LIBRARY_HOST = 'raw.githubusercontent.com'
const LIBRARIES = `https://${LIBRARY_HOST}/mlc-ai/binary-mlc-llm-libs/main/web-llm-models/${LIBRARY_VERSION}/`

/** Bits a weight: the group's scale included. */
const BITS = { q4f16_1: 4.5, q4f32_1: 5, q0f16: 16, q0f32: 32 } as const
type Quantisation = keyof typeof BITS

interface Family {
  readonly name: string
  /** Of the id, before the quantisation. */
  readonly stem: string
  /** Of the library's file, where that is another. */
  readonly libraryStem?: string
  readonly parameters: number
  readonly licence: string
  readonly tier: number
  readonly lowResource: boolean
  readonly thinks?: boolean
  /** By quantisation: megabytes of graphics memory at 4,096 tokens of context, as web-llm states them. */
  readonly memoryMb: Readonly<Partial<Record<Quantisation, number>>>
}

const APACHE = 'Apache-2.0'
const LLAMA = 'Llama 3.2 Community Licence'
const GEMMA = 'Gemma Terms of Use'

/** Tiers go by size: 1 below 0.4, 2 below 0.9, 3 below 2, 4 below 5 thousand million parameters, 5 above. */
const FAMILIES: readonly Family[] = [
  {
    name: 'SmolLM2 135M',
    stem: 'SmolLM2-135M-Instruct',
    parameters: 134.5e6,
    licence: APACHE,
    tier: 1,
    lowResource: true,
    memoryMb: { q0f16: 359.69, q0f32: 719.38 },
  },
  {
    name: 'SmolLM2 360M',
    stem: 'SmolLM2-360M-Instruct',
    parameters: 361.8e6,
    licence: APACHE,
    tier: 1,
    lowResource: true,
    memoryMb: { q4f16_1: 376.06, q4f32_1: 579.61 },
  },
  {
    name: 'Qwen 2.5 0.5B',
    stem: 'Qwen2.5-0.5B-Instruct',
    libraryStem: 'Qwen2-0.5B-Instruct',
    parameters: 494e6,
    licence: APACHE,
    tier: 2,
    lowResource: true,
    memoryMb: { q4f16_1: 944.62, q4f32_1: 1060.2 },
  },
  {
    name: 'Qwen 3 0.6B',
    stem: 'Qwen3-0.6B',
    parameters: 596e6,
    licence: APACHE,
    tier: 2,
    lowResource: true,
    thinks: true,
    memoryMb: { q4f16_1: 1403.34, q4f32_1: 1924.98 },
  },
  {
    name: 'Qwen 3.5 0.8B',
    stem: 'Qwen3.5-0.8B',
    parameters: 0.75e9,
    licence: APACHE,
    tier: 2,
    lowResource: true,
    thinks: true,
    memoryMb: { q4f16_1: 1629.49, q4f32_1: 1894.19 },
  },
  {
    name: 'Gemma 3 1B',
    stem: 'gemma3-1b-it',
    parameters: 1.0e9,
    licence: GEMMA,
    tier: 3,
    lowResource: true,
    memoryMb: { q4f16_1: 711.07 },
  },
  {
    name: 'Llama 3.2 1B',
    stem: 'Llama-3.2-1B-Instruct',
    parameters: 1.236e9,
    licence: LLAMA,
    tier: 3,
    lowResource: true,
    memoryMb: { q4f16_1: 879.04, q4f32_1: 1128.82 },
  },
  {
    name: 'Qwen 2.5 1.5B',
    stem: 'Qwen2.5-1.5B-Instruct',
    libraryStem: 'Qwen2-1.5B-Instruct',
    parameters: 1.544e9,
    licence: APACHE,
    tier: 3,
    lowResource: true,
    memoryMb: { q4f16_1: 1629.75, q4f32_1: 1888.97 },
  },
  {
    name: 'SmolLM2 1.7B',
    stem: 'SmolLM2-1.7B-Instruct',
    parameters: 1.711e9,
    licence: APACHE,
    tier: 3,
    lowResource: true,
    memoryMb: { q4f16_1: 1774.19, q4f32_1: 2692.38 },
  },
  {
    name: 'Qwen 3 1.7B',
    stem: 'Qwen3-1.7B',
    parameters: 1.721e9,
    licence: APACHE,
    tier: 3,
    lowResource: true,
    thinks: true,
    memoryMb: { q4f16_1: 2036.66, q4f32_1: 2635.44 },
  },
  {
    name: 'Qwen 3.5 2B',
    stem: 'Qwen3.5-2B',
    parameters: 1.88e9,
    licence: APACHE,
    tier: 3,
    lowResource: false,
    thinks: true,
    memoryMb: { q4f16_1: 2245.44, q4f32_1: 2591.55 },
  },
  {
    name: 'Gemma 2 2B',
    stem: 'gemma-2-2b-it',
    parameters: 2.614e9,
    licence: GEMMA,
    tier: 4,
    lowResource: false,
    memoryMb: { q4f16_1: 1895.3, q4f32_1: 2508.75 },
  },
  {
    name: 'Llama 3.2 3B',
    stem: 'Llama-3.2-3B-Instruct',
    parameters: 3.213e9,
    licence: LLAMA,
    tier: 4,
    lowResource: true,
    memoryMb: { q4f16_1: 2263.69, q4f32_1: 2951.51 },
  },
  {
    name: 'Ministral 3 3B',
    stem: 'Ministral-3-3B-Instruct-2512-BF16',
    parameters: 3.43e9,
    licence: APACHE,
    tier: 4,
    lowResource: true,
    memoryMb: { q4f16_1: 2863.69, q4f32_1: 3532.37 },
  },
  {
    name: 'Phi 4 mini',
    stem: 'Phi-4-mini-instruct',
    parameters: 3.836e9,
    licence: 'MIT',
    tier: 4,
    lowResource: false,
    memoryMb: { q4f16_1: 3437.58, q4f32_1: 4220.59 },
  },
  {
    name: 'Qwen 3 4B',
    stem: 'Qwen3-4B',
    parameters: 4.022e9,
    licence: APACHE,
    tier: 4,
    lowResource: true,
    thinks: true,
    memoryMb: { q4f16_1: 3431.59, q4f32_1: 4327.71 },
  },
  {
    name: 'Qwen 3.5 4B',
    stem: 'Qwen3.5-4B',
    parameters: 4.2e9,
    licence: APACHE,
    tier: 4,
    lowResource: false,
    thinks: true,
    memoryMb: { q4f16_1: 3867.82, q4f32_1: 4680.36 },
  },
  {
    name: 'Mistral 7B',
    stem: 'Mistral-7B-Instruct-v0.3',
    parameters: 7.248e9,
    licence: APACHE,
    tier: 5,
    lowResource: false,
    memoryMb: { q4f16_1: 4573.39, q4f32_1: 5619.27 },
  },
]

const MEGABYTE = 1024 * 1024

function modelsOf(family: Family): WebLlmModel[] {
  return (Object.keys(family.memoryMb) as Quantisation[]).map((quantisation) => {
    const id = `${family.stem}-${quantisation}-MLC`
    return {
      id,
      name: family.name,
      licence: family.licence,
      tier: family.tier,
      runsOn: 'graphics' as const,
      contextTokens: 4096,
      downloadBytes: Math.round((family.parameters * BITS[quantisation]) / 8),
      memoryBytes: Math.round((family.memoryMb[quantisation] ?? 0) * MEGABYTE),
      hosts: [WEIGHTS_HOST, LIBRARY_HOST],
      weightsUrl: `https://${WEIGHTS_HOST}/mlc-ai/${id}/resolve/main/`,
      libraryUrl: `${LIBRARIES}${family.libraryStem ?? family.stem}-${quantisation}_cs1k-webgpu.wasm`,
      // web-llm's list does not say it of every model, yet all shaders of these begin with `enable f16`.
      needsF16: quantisation.includes('f16'),
      lowResource: family.lowResource,
      thinks: family.thinks ?? false,
    }
  })
}

/** Smallest download first. */
export const WEBLLM_MODELS: readonly WebLlmModel[] = FAMILIES.flatMap(modelsOf).sort(
  (a, b) => a.downloadBytes - b.downloadBytes,
)
