import type { GgufLayout } from './gguf-layout.ts'

const GIBIBYTE = 1024 ** 3

/** Of a browser that does not say. */
const USUAL_MEMORY_GIB = 4

/** What a page may take of a device's memory before others suffer. */
const SHARE = 1 / 2

/** Below this, a conversation is hardly one. */
const FEWEST_TOKENS = 1024

/** Keys and values of one token, in the 32-bit floats that the engine class pins; 0 where the file does not say. */
export function cacheBytesPerToken({ metadata }: Pick<GgufLayout, 'metadata'>): number {
  const architecture = String(metadata.get('general.architecture'))
  const count = (key: string, otherwise = 0): number => {
    const value = metadata.get(`${architecture}.${key}`)
    return typeof value === 'number' ? value : otherwise
  }
  const heads = count('attention.head_count')
  const width = heads === 0 ? 0 : count('embedding_length') / heads
  const keys = count('attention.key_length', width)
  const values = count('attention.value_length', width)
  return count('block_count') * count('attention.head_count_kv', heads) * (keys + values) * 4
}

/** How much a model reads at once here: as it was trained, as the catalogue says, and as the memory allows. */
export function contextThatFits(
  layout: Pick<GgufLayout, 'metadata'>,
  fileBytes: number,
  mostTokens: number,
  memoryGib: number | undefined,
): number {
  const architecture = String(layout.metadata.get('general.architecture'))
  const trained = Number(layout.metadata.get(`${architecture}.context_length`) ?? mostTokens)
  const roomBytes = (memoryGib ?? USUAL_MEMORY_GIB) * GIBIBYTE * SHARE - fileBytes
  let tokens = Math.min(mostTokens, trained)
  while (tokens > FEWEST_TOKENS && tokens * cacheBytesPerToken(layout) > roomBytes) {
    tokens = Math.max(FEWEST_TOKENS, Math.floor(tokens / 2))
  }
  return tokens
}
