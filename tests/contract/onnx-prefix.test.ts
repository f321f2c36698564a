import { fileURLToPath } from 'node:url'
import * as ort from 'onnxruntime-web/wasm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { folderModels } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { OnnxModelInMemory } from '#adapters/engine/onnx/model-in-memory.ts'
import { logProbability } from '#adapters/engine/onnx/sampler.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'
import { PrefixRefusedError, type Engine } from '#ports/engine.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'

ort.env.wasm.numThreads = 1

const MODELS = fileURLToPath(new URL('../../public/models', import.meta.url))
const LONG: readonly ChatMessage[] = [
  { role: 'user', content: 'What is the capital of France? '.repeat(12) },
  { role: 'assistant', content: 'Paris.' },
  { role: 'user', content: 'What is the opposite of hot?' },
]
const OTHER: readonly ChatMessage[] = [
  { role: 'user', content: 'Put horse, elbow, cotton in alphabetical order. '.repeat(4) },
]

async function started(modelId: string): Promise<OnnxEngine> {
  const engine = new OnnxEngine({ ort, ortVersion: ort.env.versions.common, source: folderModels(MODELS) })
  await engine.load(modelId)
  return engine
}

async function say(engine: Engine, messages: readonly ChatMessage[], seed = 0): Promise<string> {
  let text = ''
  for await (const token of engine.generate(messages, { seed, temperature: seed ? 1 : 0, maxTokens: 48 }))
    text += token.text
  return text
}

let reader: OnnxEngine
beforeAll(async () => {
  reader = await started('starling-general')
}, 60_000)
afterAll(() => reader.unload())

async function exported(precision: 'f16' | 'f32'): Promise<Uint8Array> {
  await say(reader, LONG)
  const bytes = reader.exportPrefix(await reader.promptTokens(LONG, 48), precision)
  if (!bytes) throw new Error('nothing was read')
  return bytes
}

/** With a prefix, for the length of a test. */
async function withPrefix(bytes: Uint8Array, body: (borrower: OnnxEngine, imported: number) => Promise<void>) {
  const borrower = await started('starling-general')
  try {
    await body(borrower, borrower.importPrefix(bytes))
  } finally {
    await borrower.unload()
  }
}

test.each(['f16', 'f32'] as const)('a prefix lent in %s gives the same greedy answer', async (precision) => {
  await withPrefix(await exported(precision), async (borrower, imported) => {
    const tokens = await borrower.promptTokens(LONG, 48)
    expect(imported).toBe(tokens.length - (tokens.length % 32))
    expect(await say(borrower, LONG)).toBe(await say(reader, LONG))
  })
})

test('a prefix lent in f32 gives the same sampled answers', async () => {
  await withPrefix(await exported('f32'), async (borrower) => {
    for (let seed = 1; seed <= 3; seed++) expect(await say(borrower, LONG, seed)).toBe(await say(reader, LONG, seed))
  })
})

test('scores and judgements never use what was lent', async () => {
  // A neighbour that lies: the values of one conversation under the tokens of another.
  const lie = await exported('f32')
  const [longer, shorter] = [await reader.promptTokens(LONG, 48), await reader.promptTokens(OTHER, 48)]
  const view = new DataView(lie.buffer, lie.byteOffset)
  shorter.slice(0, 32).forEach((token, index) => view.setUint32(52 + index * 4, token, true))
  expect(longer.slice(0, 32)).not.toEqual(shorter.slice(0, 32))
  await withPrefix(lie, async (borrower) => {
    await say(borrower, OTHER)
    expect(await borrower.score(OTHER, 'horse, elbow')).toEqual(await reader.score(OTHER, 'horse, elbow'))
    expect(await borrower.judge(OTHER, ['horse, elbow'])).toEqual(await reader.judge(OTHER, ['horse, elbow']))
  })
})

test('a prefix of another model is refused', { timeout: 60_000 }, async () => {
  const other = await started('starling-words')
  const bytes = await exported('f16')
  expect(() => other.importPrefix(bytes)).toThrow(PrefixRefusedError)
  await other.unload()
})

test('what was never read cannot be lent', () => {
  expect(reader.exportPrefix(Array.from({ length: 64 }, () => 7))).toBeNull()
})

test('lent in f32 logits are bitwise the same, in f16 log-probabilities within 0.01', { timeout: 60_000 }, async () => {
  const file = Uint8Array.from(randomModel({ ...TINY_SHAPE, layers: 4, heads: 4, sharedHeads: 2 }))
  const digest = 'cd'.repeat(32)
  // The two cut their models at different layers: how a node divides a model is its own affair.
  const from = await OnnxModelInMemory.start(ort, file, 256, { cuts: [1] })
  const { tokens } = await from.fit([{ role: 'user', content: 'why? '.repeat(30) }], 16)
  const wanted = [tokens.length - 1]
  let exact = new Float32Array(0)
  await from.read(tokens, wanted, (logits) => (exact = logits.slice() as typeof exact))
  const differences = []
  for (const precision of ['f32', 'f16'] as const) {
    const to = await OnnxModelInMemory.start(ort, file, 256, { cuts: [2] })
    const bytes = from.exportPrefix(tokens, digest, precision)
    expect(to.importPrefix(bytes ?? new Uint8Array(0), digest).length).toBeGreaterThan(96)
    const seen: Float32Array[] = []
    await to.read(tokens, wanted, (logits) => seen.push(logits.slice()), { borrowed: true })
    const [lent = exact] = seen
    if (precision === 'f32') expect(lent).toEqual(exact)
    else differences.push(...Array.from(exact, (_, t) => Math.abs(logProbability(exact, t) - logProbability(lent, t))))
    await to.stop()
  }
  await from.stop()
  console.log(`largest difference of a log-probability in f16: ${Math.max(...differences).toExponential(1)}`)
  expect(Math.max(...differences)).toBeLessThan(0.01)
})
