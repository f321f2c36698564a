import type { ShelfModel } from '#ports/model-shelf.ts'

/** A model in one GGUF file on a stranger's host, computed on the processor. */
export interface GgufModel extends ShelfModel {
  readonly url: string
  /** Null where nobody has told it reliably: then the host's word is taken. */
  readonly sizeBytes: number | null
  /**
   * SHA-256 (hex). Null where nobody has told it reliably: then that of the first download is kept, and the file is held
   * against it at each later load (trust on first use).
   */
  readonly sha256: string | null
}

const HOST = 'huggingface.co'

/** Reading further back costs memory and time, both dear on a processor. */
const CONTEXT_TOKENS = 4096

/** llama.cpp's working memory: logits of a batch, activations, the program itself. */
const OVERHEAD_BYTES = 160 * 1024 * 1024

interface Entry {
  readonly id: string
  readonly name: string
  readonly licence: string
  readonly tier: number
  readonly repository: string
  /** A commit: the file under this address does not change. */
  readonly revision: string
  readonly file: string
  readonly sizeBytes: number
  readonly sha256: string
  /** Of one token in the context: keys and values of all layers, in 32-bit floats. */
  readonly cacheBytesPerToken: number
}

const APACHE = 'Apache-2.0'
const GEMMA = 'Gemma Terms of Use'

/** Layers, heads that keep keys and values, and the width of one. */
const cache = (layers: number, heads: number, width: number): number => 2 * layers * heads * width * 4

/**
 * Tiers as in the catalogue of web-llm's models. Sizes, digests and revisions are as several publishers state them
 * independently; a file that is another one is refused, never used.
 */
const ENTRIES: readonly Entry[] = [
  {
    id: 'SmolLM2-135M-Instruct-Q8_0-GGUF',
    name: 'SmolLM2 135M',
    licence: APACHE,
    tier: 1,
    repository: 'bartowski/SmolLM2-135M-Instruct-GGUF',
    revision: '09816acd5d99df7be770d85ea30822623dab342c',
    file: 'SmolLM2-135M-Instruct-Q8_0.gguf',
    sizeBytes: 144_811_360,
    sha256: '5a1395716f7913741cc51d98581b9b1228d80987a9f7d3664106742eb06bba83',
    cacheBytesPerToken: cache(30, 3, 64),
  },
  {
    id: 'gemma-3-270m-it-Q8_0-GGUF',
    name: 'Gemma 3 270M',
    licence: GEMMA,
    tier: 1,
    repository: 'ggml-org/gemma-3-270m-it-GGUF',
    revision: 'e7647be17ae1108f2f605ed061ca0608b171afff',
    file: 'gemma-3-270m-it-Q8_0.gguf',
    sizeBytes: 291_545_600,
    sha256: '0ef57d2c838458a1952664260dcba38e5bdda37494f3af732f06e4add24068e3',
    cacheBytesPerToken: cache(18, 1, 256),
  },
  {
    id: 'SmolLM2-360M-Instruct-Q8_0-GGUF',
    name: 'SmolLM2 360M',
    licence: APACHE,
    tier: 1,
    repository: 'HuggingFaceTB/SmolLM2-360M-Instruct-GGUF',
    revision: '593b5a2e04c8f3e4ee880263f93e0bd2901ad47f',
    file: 'smollm2-360m-instruct-q8_0.gguf',
    sizeBytes: 386_404_992,
    sha256: '48ab3034d0dd401fbc721eb1df3217902fee7dab9078992d66431f09b7750201',
    cacheBytesPerToken: cache(32, 5, 64),
  },
  {
    id: 'Qwen2.5-0.5B-Instruct-Q4_K_M-GGUF',
    name: 'Qwen 2.5 0.5B',
    licence: APACHE,
    tier: 2,
    repository: 'Qwen/Qwen2.5-0.5B-Instruct-GGUF',
    revision: '9217f5db79a29953eb74d5343926648285ec7e67',
    file: 'qwen2.5-0.5b-instruct-q4_k_m.gguf',
    sizeBytes: 491_400_032,
    sha256: '74a4da8c9fdbcd15bd1f6d01d621410d31c6fc00986f5eb687824e7b93d7a9db',
    cacheBytesPerToken: cache(24, 2, 64),
  },
  {
    id: 'gemma-3-1b-it-Q4_K_M-GGUF',
    name: 'Gemma 3 1B',
    licence: GEMMA,
    tier: 3,
    repository: 'ggml-org/gemma-3-1b-it-GGUF',
    revision: 'f9c28bcd85737ffc5aef028638d3341d49869c27',
    file: 'gemma-3-1b-it-Q4_K_M.gguf',
    sizeBytes: 806_058_240,
    sha256: '8ccc5cd1f1b3602548715ae25a66ed73fd5dc68a210412eea643eb20eb75a135',
    cacheBytesPerToken: cache(26, 1, 256),
  },
  {
    id: 'Llama-3.2-1B-Instruct-Q4_K_M-GGUF',
    name: 'Llama 3.2 1B',
    licence: 'Llama 3.2 Community Licence',
    tier: 3,
    repository: 'bartowski/Llama-3.2-1B-Instruct-GGUF',
    revision: '067b946cf014b7c697f3654f621d577a3e3afd1c',
    file: 'Llama-3.2-1B-Instruct-Q4_K_M.gguf',
    sizeBytes: 807_694_464,
    sha256: '6f85a640a97cf2bf5b8e764087b1e83da0fdb51d7c9fab7d0fece9385611df83',
    cacheBytesPerToken: cache(16, 8, 64),
  },
  {
    id: 'Qwen2.5-1.5B-Instruct-Q4_K_M-GGUF',
    name: 'Qwen 2.5 1.5B',
    licence: APACHE,
    tier: 3,
    repository: 'Qwen/Qwen2.5-1.5B-Instruct-GGUF',
    revision: '91cad51170dc346986eccefdc2dd33a9da36ead9',
    file: 'qwen2.5-1.5b-instruct-q4_k_m.gguf',
    sizeBytes: 1_117_320_736,
    sha256: '6a1a2eb6d15622bf3c96857206351ba97e1af16c30d7a74ee38970e434e9407e',
    cacheBytesPerToken: cache(28, 2, 128),
  },
  {
    id: 'Phi-4-mini-instruct-Q4_K_M-GGUF',
    name: 'Phi 4 mini',
    licence: 'MIT',
    tier: 4,
    repository: 'bartowski/microsoft_Phi-4-mini-instruct-GGUF',
    revision: '7ff82c2aaa4dde30121698a973765f39be5288c0',
    file: 'microsoft_Phi-4-mini-instruct-Q4_K_M.gguf',
    sizeBytes: 2_491_874_688,
    sha256: '01999f17c39cc3074afae5e9c539bc82d45f2dd7faa3917c66cbef76fce8c0c2',
    cacheBytesPerToken: cache(32, 8, 128),
  },
]

/** Smallest download first. */
export const GGUF_MODELS: readonly GgufModel[] = ENTRIES.map(
  ({ id, name, licence, tier, repository, revision, file, sizeBytes, sha256, cacheBytesPerToken }) => ({
    id,
    name,
    licence,
    tier,
    runsOn: 'processor' as const,
    contextTokens: CONTEXT_TOKENS,
    downloadBytes: sizeBytes,
    memoryBytes: sizeBytes + cacheBytesPerToken * CONTEXT_TOKENS + OVERHEAD_BYTES,
    hosts: [HOST],
    url: `https://${HOST}/${repository}/resolve/${revision}/${file}`,
    sizeBytes,
    sha256,
  }),
)
