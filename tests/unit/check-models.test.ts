import { createHash } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { checkModels } from '../../bin/check-models.ts'

const bytes = Buffer.from('a model')
const sha256 = createHash('sha256').update(bytes).digest('hex')
const file = `tiny-${sha256.slice(0, 12)}.gguf`
const member = {
  id: 'tiny',
  kind: 'test',
  file,
  sizeBytes: bytes.length,
  sha256,
  parameters: 1,
  contextTokens: 1024,
  licence: 'MIT',
  tier: 0,
  judging: { instrument: 'likelihood', normalisation: 'mean', calibration: { slope: 1, intercept: 0 }, auc: 0.9 },
  summary: '',
}

let folder: string
const write = (name: string, content: Buffer | string): void => writeFileSync(join(folder, name), content)
const list = (...members: object[]): void => write('catalogue.json', JSON.stringify({ family: 'T', members }))

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'models-'))
  write(file, bytes)
  list(member)
})
afterEach(() => rmSync(folder, { recursive: true }))

it('finds nothing wrong with what is right', () => {
  expect(checkModels(folder)).toEqual([])
})

it('names a changed file, a missing one, a stray, and a wrong name', () => {
  write(file, 'a modem')
  write('stray.gguf', 'x')
  list(member, { ...member, id: 'gone', file: 'gone.gguf' }, { ...member, id: 'tiny' })
  const problems = checkModels(folder).join('\n')
  expect(problems).toContain(`${file} has the digest`)
  expect(problems).toContain('in its name')
  expect(problems).toContain('gone.gguf is in the catalogue, but not in the folder.')
  expect(problems).toContain('stray.gguf is not in the catalogue.')
  expect(problems).toContain('Two members have the id "tiny".')
})

it('says so when the catalogue is missing or damaged', () => {
  write('catalogue.json', '{"family": 1}')
  expect(checkModels(folder).join()).toContain('is not a catalogue')
  rmSync(join(folder, 'catalogue.json'))
  expect(checkModels(folder).join()).toContain('cannot be read')
})
