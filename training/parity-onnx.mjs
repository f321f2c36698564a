// Run prompts through the swarm's own engine in Node, greedily, and print what it says as parity.mjs does.
//
//   node --import tsx training/parity-onnx.mjs <model.gguf> <chats.json> > said.json
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { argv, stdout } from 'node:process'
import * as ort from 'onnxruntime-web/wasm'
import { readGguf } from '../src/adapters/engine/gguf-layout.ts'
import { OnnxEngine } from '../src/adapters/engine/onnx/onnx-engine.ts'

const [modelPath, chatsPath] = argv.slice(2)
const bytes = new Uint8Array(await readFile(modelPath))
const opened = {
  id: 'model',
  name: 'model',
  digest: createHash('sha256').update(bytes).digest('hex'),
  tier: 0,
  contextTokens: 1024,
  judging: { instrument: 'rating' },
  file: new Blob([bytes]),
  layout: readGguf(bytes),
}

ort.env.wasm.numThreads = 1
const engine = new OnnxEngine({ ort, ortVersion: ort.env.versions.common, source: { open: async () => opened } })
const begun = performance.now()
await engine.load('model')
const loadMs = performance.now() - begun
const answers = []
for (const { messages } of JSON.parse(await readFile(chatsPath, 'utf8'))) {
  const started = performance.now()
  const pieces = engine.generate(messages, { seed: 0, temperature: 0, maxTokens: 192 })
  let next = await pieces.next()
  while (!next.done) next = await pieces.next()
  const { text, tokens } = next.value
  answers.push({ text, tokens, tokensPerSecond: (tokens / (performance.now() - started)) * 1000 })
}
stdout.write(JSON.stringify({ loadMs, answers }, null, 1) + '\n')
await engine.unload()
