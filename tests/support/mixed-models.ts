import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomModel, TINY_SHAPE } from './random-model.ts'

/** The generated member: of another shape than the embedded ones, and said to be larger. It speaks gibberish. */
export const LARGER = 'larger-stranger'

/**
 * Puts a model of another shape and tier among a built page's own, second of three members: so the second tab of a
 * profile loads it, and the first and third an embedded one. Returns the members' names, in order.
 */
export async function addLargerModel(folder: string): Promise<readonly string[]> {
  const bytes = randomModel({ ...TINY_SHAPE, seed: 5, layers: 3, embedding: 96, heads: 6, contextTokens: 768 })
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const file = `${LARGER}-${sha256.slice(0, 12)}.gguf`
  const path = join(folder, 'models', 'catalogue.json')
  const catalogue = JSON.parse(await readFile(path, 'utf8')) as { members: { id: string }[] }
  const [first, second] = catalogue.members
  if (!first || !second) throw new Error('the page has fewer than two embedded models')
  const larger = {
    ...first,
    id: LARGER,
    kind: 'random',
    file,
    sha256,
    sizeBytes: bytes.length,
    parameters: Math.round(bytes.length / 4),
    contextTokens: 768,
    tier: 1,
    summary: 'Random weights.',
  }
  const members = [first, larger, second]
  await writeFile(join(folder, 'models', file), bytes)
  await writeFile(path, JSON.stringify({ ...catalogue, members }))
  return members.map(({ id }) => id)
}
