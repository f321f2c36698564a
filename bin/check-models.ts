import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { Catalogue, type CatalogueMember } from '#adapters/engine/catalogue.ts'

/**
 * Checks that the embedded models are what `catalogue.json` says: `npm run model:check [folder]`. Every file is listed,
 * named by its digest, whole, and small enough to come with the page.
 */

const MAX_FILE_BYTES = 4 * 1024 * 1024
const MAX_TOTAL_BYTES = 16 * 1024 * 1024

/** One sentence for each thing that is wrong. */
export function checkModels(folder: string): string[] {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(join(folder, 'catalogue.json'), 'utf8'))
  } catch (error) {
    return [`catalogue.json cannot be read: ${String(error)}`]
  }
  const parsed = v.safeParse(Catalogue, content)
  if (!parsed.success) return [`catalogue.json is not a catalogue: ${v.summarize(parsed.issues)}`]
  const { members } = parsed.output

  const listed = new Set(members.map(({ file }) => file))
  const strays = readdirSync(folder).filter((name) => name !== 'catalogue.json' && !listed.has(name))
  const totalBytes = members.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  return [
    ...members.flatMap((member) => checkMember(folder, member)),
    ...strays.map((name) => `${name} is not in the catalogue.`),
    ...repeated(members.map(({ id }) => id)).map((id) => `Two members have the id "${id}".`),
    ...(totalBytes > MAX_TOTAL_BYTES ? [`All models have ${totalBytes} bytes; ${MAX_TOTAL_BYTES} are allowed.`] : []),
  ]
}

function checkMember(folder: string, { file, sizeBytes, sha256 }: CatalogueMember): string[] {
  let bytes: Buffer
  try {
    bytes = readFileSync(join(folder, file))
  } catch {
    return [`${file} is in the catalogue, but not in the folder.`]
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const problems: string[] = []
  if (bytes.length !== sizeBytes) problems.push(`${file} has ${bytes.length} bytes; the catalogue says ${sizeBytes}.`)
  if (bytes.length > MAX_FILE_BYTES) problems.push(`${file} has ${bytes.length} bytes; ${MAX_FILE_BYTES} are allowed.`)
  if (digest !== sha256) problems.push(`${file} has the digest ${digest}; the catalogue says ${sha256}.`)
  if (!file.includes(digest.slice(0, 12))) problems.push(`${file} should carry ${digest.slice(0, 12)} in its name.`)
  return problems
}

const repeated = (names: readonly string[]): string[] => names.filter((name, index) => names.indexOf(name) < index)

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const folder = process.argv[2] ?? fileURLToPath(new URL('../public/models', import.meta.url))
  const problems = checkModels(folder)
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) process.exit(1)
  console.log('The models are what their catalogue says.')
}
