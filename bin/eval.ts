import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { folderModels, readCatalogue } from '#adapters/engine/onnx/folder-models.ts'
import { OnnxEngine } from '#adapters/engine/onnx/onnx-engine.ts'
import { ortInNode } from '#adapters/engine/onnx/ort-in-node.ts'
import type { ChatMessage } from '#core/protocol/messages.ts'

/** `npm run eval:node`: the shipped members answer the held-out questions in Node, with the engine that tabs have. */

const USAGE = `Usage: npm run eval:node -- [--per-task N] [--swarm] [--save FILE]

Answers the held-out questions with each embedded member, by the engine and the WASM that tabs have, and prints the
table that training/evaluate.py prints for PyTorch. Needs Python 3 for the questions and their marking, nothing else.

  --per-task N   how many questions of each task (1 to 100; default 20, as on the model card)
  --swarm        the members judge each other's answers too, and the swarm is marked
  --save FILE    keeps answers and judgements
  --help         this text`

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const MARKS = join(ROOT, 'training', 'marks.py')
const MOST_TOKENS = 192
const PROGRESS_EVERY = 100

const Asked = v.object({
  seed: v.string(),
  perTask: v.number(),
  questions: v.array(v.object({ earlier: v.array(v.tuple([v.string(), v.string()])), text: v.string() })),
})
type Question = v.InferOutput<typeof Asked>['questions'][number]

const messagesOf = ({ earlier, text }: Question): ChatMessage[] => [
  ...earlier.flatMap(([question, answer]): ChatMessage[] => [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ]),
  { role: 'user', content: text },
]

const folder = join(ROOT, 'public', 'models')
const engine = new OnnxEngine({ ...ortInNode(), source: folderModels(folder) })

/** Does something with each question, and says how far it is. */
async function forEach<T>(
  what: string,
  questions: readonly Question[],
  work: (question: Question, index: number) => Promise<T>,
): Promise<T[]> {
  const found: T[] = []
  const startedAtMs = performance.now()
  for (const [index, question] of questions.entries()) {
    found.push(await work(question, index))
    if ((index + 1) % PROGRESS_EVERY === 0 || index + 1 === questions.length) {
      const seconds = Math.round((performance.now() - startedAtMs) / 1000)
      process.stderr.write(`${what}: ${index + 1} of ${questions.length}, ${seconds} s\n`)
    }
  }
  return found
}

async function answer(question: Question): Promise<string> {
  const tokens = engine.generate(messagesOf(question), { seed: 0, temperature: 0, maxTokens: MOST_TOKENS })
  for (;;) {
    const next = await tokens.next()
    if (next.done) return next.value.text
  }
}

async function main(perTask: number, swarm: boolean, save: string | undefined): Promise<void> {
  const listed = execFileSync('python3', [MARKS, 'questions', '--per-task', String(perTask)], {
    maxBuffer: 64 * 1024 * 1024,
  })
  const asked = v.parse(Asked, JSON.parse(listed.toString()))
  const { members } = await readCatalogue(folder)
  const said: Record<string, string[]> = {}
  for (const { id, kind } of members) {
    await engine.load(id)
    said[kind] = await forEach(`${kind} answers`, asked.questions, answer)
  }
  const kinds = Object.keys(said)
  const scores: Record<string, Record<string, number[]>> = Object.fromEntries(kinds.map((author) => [author, {}]))
  for (const { id, kind: judge } of swarm ? members : []) {
    await engine.load(id)
    const judged = await forEach(`${judge} judges`, asked.questions, async (question, index) => {
      const texts = [...new Set(kinds.map((author) => said[author]?.[index] ?? ''))]
      const judgements = await engine.judge(messagesOf(question), texts)
      return new Map(texts.map((text, place) => [text, judgements[place]?.quality ?? 0]))
    })
    for (const author of kinds) {
      const qualities = judged.map((byText, index) => byText.get(said[author]?.[index] ?? '') ?? 0)
      scores[author] = { ...scores[author], [judge]: qualities }
    }
  }
  await engine.unload()
  const path = save ?? join(tmpdir(), `tabswarm-answers-${process.pid}.json`)
  writeFileSync(path, JSON.stringify({ seed: asked.seed, perTask, said, ...(swarm && { scores }) }))
  execFileSync('python3', [MARKS, 'table', path], { stdio: ['ignore', 'inherit', 'inherit'] })
}

try {
  const { values } = parseArgs({
    options: {
      'per-task': { type: 'string', default: '20' },
      swarm: { type: 'boolean', default: false },
      save: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const perTask = Number(values['per-task'])
  if (values.help) console.log(USAGE)
  else if (!Number.isInteger(perTask) || perTask < 1 || perTask > 100) {
    throw new TypeError(`--per-task must be an integer from 1 to 100, not "${values['per-task']}".`)
  } else await main(perTask, values.swarm, values.save)
} catch (error) {
  if (!(error instanceof TypeError)) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
