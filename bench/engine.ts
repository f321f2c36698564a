import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { cpus, loadavg } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { chromium } from '@playwright/test'
import * as ort from 'onnxruntime-web/wasm'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { GgufTokenizer } from '#adapters/engine/onnx/gguf-tokenizer.ts'
import { chromiumMemory } from '#support/chromium-memory.ts'
import { proseOf } from '#support/prose.ts'
import { randomModel, TINY_SHAPE } from '#support/random-model.ts'
import { serveSources } from '#support/vite-page.ts'
import playwrightConfig from '../playwright.config.ts'
import { measureOnnx, type EngineFigures, type EngineJob } from './engine-job.ts'
import { quantile } from './figures.ts'

/** `npm run bench:engine`: the swarm's own engine beside llama.cpp, on the same files (docs/benchmarks.md). */

const PROMPT_TOKENS = 256
const ANSWER_TOKENS = 300
const DECODE_TOKENS = 64
const TARGET_RATIO = 3

interface Model {
  readonly runs: number
  file(): Uint8Array<ArrayBuffer>
}

const MODELS: Readonly<Record<string, Model>> = {
  embedded: { runs: 5, file: () => new Uint8Array(readFileSync(embeddedPath())) },
  // SmolLM2-135M's shape, random weights.
  '135M': {
    runs: 1,
    file: () =>
      Uint8Array.from(
        randomModel({
          ...TINY_SHAPE,
          seed: 21,
          layers: 30,
          embedding: 576,
          heads: 9,
          sharedHeads: 3,
          feedForward: 1536,
          contextTokens: 1024,
          weights: 'q8_0',
          tied: true,
          ropeBase: 100_000,
          cuts: 'smollm',
          vocabularySize: 49_152,
        }),
      ),
  },
}

const USAGE = `Usage: npm run bench:engine -- [--only NAME]... [--no-browser]

Measures load, reading (prefill) and saying (decode) of tokens, the score of an answer of ${ANSWER_TOKENS} tokens after a
prompt of ${PROMPT_TOKENS}, and memory: of onnxruntime in Node, and of onnxruntime and wllama in Chromium.
  embedded   the embedded generalist
  135M       a generated file of SmolLM2-135M's shape, in Q8_0

  --only NAME    only this model; may be repeated
  --no-browser   only Node
  --help         this text`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(MODELS) },
    'no-browser': { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  },
})
const unknown = values.only.filter((name) => !(name in MODELS))
if (values.help) console.log(USAGE)
else if (unknown.length > 0) {
  console.error(`There is no model named ${unknown.join(', ')}.\n\n${USAGE}`)
  process.exitCode = 2
} else await run(values.only, !values['no-browser'])

async function run(names: readonly string[], withBrowser: boolean): Promise<void> {
  for (const name of names) {
    const model = MODELS[name]
    if (!model) continue
    console.error(`Making the file of ${name} …`)
    const file = model.file()
    const job = jobOf(file, model.runs)
    const rows: Row[] = [await inNode(file, job)]
    if (withBrowser) rows.push(...(await inChromium(file, job)))
    print(name, rows)
  }
  console.log(`${cpus().length} cores; load average ${loadavg()[0]?.toFixed(1)}.`)
}

interface Row {
  readonly engine: string
  readonly figures: EngineFigures
  /** Beyond what was held before the model; null where the system does not tell. */
  readonly memoryMb: number | null
}

/** Texts that this file's tokenizer cuts into so many tokens, nearly. */
function jobOf(file: Uint8Array<ArrayBuffer>, runs: number): EngineJob {
  const tokenizer = new GgufTokenizer(readGguf(file))
  const ofTokens = (seed: number, count: number): string => {
    const words = proseOf(seed, count * 8).split(' ')
    let text = ''
    for (const word of words) {
      if (tokenizer.encodeText(`${text} ${word}`).length > count) break
      text += `${text && ' '}${word}`
    }
    return text
  }
  const prompts = Array.from({ length: runs }, (_, index) => `${index} ${ofTokens(index + 2, PROMPT_TOKENS)}`)
  return { contextTokens: 1024, prompts, decodeTokens: DECODE_TOKENS, answer: ofTokens(1, ANSWER_TOKENS) }
}

async function inNode(file: Uint8Array<ArrayBuffer>, job: EngineJob): Promise<Row> {
  console.error('onnxruntime in Node …')
  ort.env.wasm.numThreads = 1
  const before = process.memoryUsage().rss
  let memoryMb = 0
  const figures = await measureOnnx(ort, file, job, () => {
    memoryMb = (process.memoryUsage().rss - before) / 1e6
    return Promise.resolve()
  })
  return { engine: 'onnxruntime, Node', figures, memoryMb }
}

async function inChromium(file: Uint8Array<ArrayBuffer>, job: EngineJob): Promise<Row[]> {
  const files = createServer((_, response) => {
    response.setHeader('access-control-allow-origin', '*').end(file)
  })
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve))
  const address = files.address()
  const port = typeof address === 'object' ? address?.port : 0
  const server = await serveSources()
  const rows: Row[] = []
  try {
    for (const engine of ['onnx', 'wllama'] as const) {
      console.error(`${engine} in Chromium …`)
      const browser = await chromium.launch(playwrightConfig.use?.launchOptions ?? {})
      try {
        const page = await browser.newPage()
        page.setDefaultTimeout(0)
        let memoryMb: number | null = null
        const held = async () => (await chromiumMemory(browser))?.totalMb ?? NaN
        let before = NaN
        await page.exposeFunction('settled', async () => {
          const now = await held()
          memoryMb = Number.isNaN(now - before) ? null : now - before
        })
        await page.goto(`${server.url}bench/page/engines.html`)
        await page.waitForFunction(() => 'measureEngine' in window)
        before = await held()
        const figures = await page.evaluate(([engine, url, job]) => window.measureEngine(engine, url, job), [
          engine,
          `http://127.0.0.1:${port}/`,
          job,
        ] as const)
        rows.push({ engine: `${engine === 'onnx' ? 'onnxruntime' : 'wllama'}, Chromium`, figures, memoryMb })
      } finally {
        await browser.close()
      }
    }
  } finally {
    await server.close()
    files.close()
  }
  return rows
}

function print(name: string, rows: readonly Row[]): void {
  const median = (samples: readonly number[]) => quantile(samples, 0.5)
  const cells = rows.map(({ engine, figures, memoryMb }) => [
    engine,
    `${figures.loadS.toFixed(2)} s`,
    `${median(figures.prefillPerS).toFixed(0)} /s`,
    `${median(figures.decodePerS).toFixed(1)} /s`,
    `${median(figures.scoreS).toFixed(2)} s`,
    memoryMb === null ? '?' : `${memoryMb.toFixed(0)} MB`,
  ])
  const titles = [name, 'load', 'prefill', 'decode', `score of ${ANSWER_TOKENS}`, 'memory']
  const widths = titles.map((title, column) => Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0)))
  for (const row of [titles, ...cells]) {
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
  }
  const [, own, other] = rows
  if (own && other) {
    const ratio = median(other.figures.scoreS) / median(own.figures.scoreS)
    const target = name === 'embedded' ? ` (target ${TARGET_RATIO}: ${ratio >= TARGET_RATIO ? 'met' : 'missed'})` : ''
    console.log(`In Chromium, onnxruntime scores ${ratio.toFixed(1)} times as fast as wllama${target}.`)
  }
  console.log('')
}

function embeddedPath(): string {
  const folder = fileURLToPath(new URL('../public/models/', import.meta.url))
  const { members } = JSON.parse(readFileSync(`${folder}catalogue.json`, 'utf8')) as { members: { file: string }[] }
  return `${folder}${members[0]?.file ?? ''}`
}
