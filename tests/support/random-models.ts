import { createHash } from 'node:crypto'
import type { Plugin } from 'vite'
import { randomModel, TINY_SHAPE } from './random-model.ts'

/** The catalogue that `randomModels` serves. */
export const RANDOM_MODELS = ['random', 'other-shape', 'raw-bytes', 'damaged'] as const

/** Serves generated models under `/random-models/`, as the relay serves the embedded ones under `/models/`. */
export function randomModels(): Plugin {
  const files = randomModelFiles()
  return {
    name: 'random-models',
    configureServer(server) {
      server.middlewares.use('/random-models/', (request, response, next) => {
        const body = files.get(request.url?.slice(1) ?? '')
        if (body === undefined) return next()
        response.end(body)
      })
    },
  }
}

/** The files of that folder, by name: the catalogue and the models. */
export function randomModelFiles(): ReadonlyMap<string, Uint8Array | string> {
  const shapes = {
    random: TINY_SHAPE,
    'other-shape': { ...TINY_SHAPE, seed: 2, layers: 3, embedding: 96, heads: 6, contextTokens: 192 },
    'raw-bytes': { ...TINY_SHAPE, rawBytes: true },
    damaged: { ...TINY_SHAPE, seed: 3 },
  } satisfies Record<(typeof RANDOM_MODELS)[number], typeof TINY_SHAPE>

  const files = new Map<string, Uint8Array | string>()
  const members = Object.entries(shapes).map(([id, shape]) => {
    const bytes = randomModel(shape)
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    const file = `${id}-${sha256.slice(0, 12)}.gguf`
    files.set(file, id === 'damaged' ? bytes.map((byte, index) => (index === 1000 ? byte ^ 1 : byte)) : bytes)
    return member(id, file, sha256, bytes.length, shape.contextTokens)
  })
  files.set('catalogue.json', JSON.stringify({ family: 'Random', members, questions: [] }))
  return files
}

const member = (id: string, file: string, sha256: string, sizeBytes: number, contextTokens: number) => ({
  id,
  kind: 'random',
  file,
  sizeBytes,
  sha256,
  parameters: Math.round(sizeBytes / 4),
  contextTokens,
  licence: 'MIT',
  tier: 0,
  judging: {
    instrument: 'likelihood',
    normalisation: id === 'other-shape' ? 'pmi' : 'mean',
    calibration: { slope: 1, intercept: 3 },
    auc: 0.5,
  },
  summary: 'Random weights.',
})
