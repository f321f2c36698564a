import { parseArgs } from 'node:util'
import { runLoadWorld, type LoadReport } from '#support/load-world.ts'
import { quantile } from './figures.ts'

/** `npm run bench:load`: many askers at once, against the same engines without a swarm (docs/benchmarks.md). */

const USAGE = `Usage: npm run bench:load -- [--nodes N] [--askers N] [--questions N] [--speeds LIST] [--greedy]

Real nodes in virtual time, with engines of stated speed on a calm network. Each asker asks its next question when the
last one is answered. Prints throughput and latency, beside the ideal of the same engines without a swarm.

  --nodes N        2 to 100 (default 12)
  --askers N       1 to the number of nodes (default 10)
  --questions N    of each asker, 1 to 100 (default 5)
  --speeds LIST    tokens a second, node by node, repeated as needed (default 50)
  --greedy         the first node asks besides, as fast as it can
  --help           this text

Exit status: 0 every question was answered and no invariant broken, 1 not so, 2 the flags are wrong.`

const ANSWER_TOKENS = 20
/** Reading an answer takes what writing three of its words takes. */
const JUDGE_TOKENS = 3
const GREEDY_AT_ONCE = 16

class UsageError extends Error {}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new UsageError(`--${flag} must be an integer from ${min} to ${max}, not "${text}".`)
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        nodes: { type: 'string', default: '12' },
        askers: { type: 'string', default: '10' },
        questions: { type: 'string', default: '5' },
        speeds: { type: 'string', default: '50' },
        greedy: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return null
    const nodes = integer('nodes', values.nodes, 2, 100)
    return {
      nodes,
      askers: integer('askers', values.askers, 1, values.greedy ? nodes - 1 : nodes),
      questions: integer('questions', values.questions, 1, 100),
      speeds: values.speeds.split(',').map((speed) => integer('speeds', speed, 1, 1000)),
      greedy: values.greedy,
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

async function run({ nodes, askers, questions, speeds, greedy }: NonNullable<ReturnType<typeof options>>) {
  const first = greedy ? 1 : 0
  const msPerToken = speeds.map((speed) => 1000 / speed)
  const speedOf = (node: number) => speeds[node % speeds.length] ?? 1
  const world = { seed: 1, nodes, msPerToken, answerTokens: ANSWER_TOKENS }
  const judgeMs = JUDGE_TOKENS * quantile(msPerToken, 0.5)
  const script = (node: number) => ({ node, atOnce: 1, questions })
  const one = await runLoadWorld({ ...world, judgeMs, askers: [script(first)] })
  const modest = Array.from({ length: askers }, (_, index) => script(first + index))
  const report = await runLoadWorld({
    ...world,
    judgeMs,
    askers: greedy ? [...modest, { node: 0, atOnce: GREEDY_AT_ONCE, questions: Infinity }] : modest,
  })
  const asked = report.questions.filter(({ node }) => node >= first && node < first + askers)
  const took = asked.map(({ tookMs }) => tookMs)
  const seconds = report.lastedMs / 1000
  const tokens = asked.length * ANSWER_TOKENS
  const allSpeeds = Array.from({ length: nodes }, (_, node) => speedOf(node)).reduce((sum, speed) => sum + speed, 0)
  const idealS = tokens / allSpeeds
  const workS = workOf(report) / allSpeeds
  const alone = quantile(
    asked.map(({ node }) => (1000 * ANSWER_TOKENS) / speedOf(node)),
    0.5,
  )
  print([
    ['nodes, askers, questions answered', `${nodes}, ${askers}, ${asked.length}`],
    ['ended with a verdict', `${asked.filter(({ ending }) => ending === 'answered').length}`],
    ['throughput', `${(asked.length / seconds).toFixed(2)} answers/s, ${(tokens / seconds).toFixed(0)} tokens/s`],
    ['ideal: one answer a question, every engine busy', `${(asked.length / idealS).toFixed(2)} answers/s`],
    ['share of that ideal', `${((100 * idealS) / seconds).toFixed(0)} %`],
    ['ideal of the work that was done, drafts and judging counted', `${(asked.length / workS).toFixed(2)} answers/s`],
    ['share of that ideal', `${((100 * workS) / seconds).toFixed(0)} %`],
    ['latency, p50 and p95', `${quantile(took, 0.5).toFixed(0)} ms, ${quantile(took, 0.95).toFixed(0)} ms`],
    [
      'the same with one asker, p50',
      `${quantile(
        one.questions.map(({ tookMs }) => tookMs),
        0.5,
      ).toFixed(0)} ms`,
    ],
    ['one answer of one engine, p50', `${alone.toFixed(0)} ms`],
    ['seats a session, mean', `${mean(asked.map(({ executors, verifiers }) => executors + verifiers)).toFixed(1)}`],
    ['slowest asker’s mean over the fastest’s', `${spread(asked).toFixed(2)}`],
    ...Object.entries(report.counters)
      .filter(([name]) => name.startsWith('declined'))
      .map(([name, count]): [string, string] => [name, `${count}`]),
    ['broken invariants', `${report.violations.length}`],
  ])
  const allAnswered = report.questions.every(({ ending }) => ending === 'answered' || ending === 'alone')
  if (!allAnswered || report.violations.length > 0) process.exitCode = 1
}

/** In tokens: all answers that were written, and the judging of each of them by each judge. */
function workOf({ questions }: LoadReport): number {
  return questions.reduce(
    (sum, { executors, verifiers }) => sum + executors * ANSWER_TOKENS + executors * verifiers * JUDGE_TOKENS,
    0,
  )
}

const mean = (list: readonly number[]) => list.reduce((sum, item) => sum + item, 0) / list.length

/** How unevenly askers were served: 1 where all waited alike. */
function spread(questions: LoadReport['questions']): number {
  const nodes = [...new Set(questions.map(({ node }) => node))]
  const means = nodes.map((own) => mean(questions.filter(({ node }) => node === own).map(({ tookMs }) => tookMs)))
  return Math.max(...means) / Math.min(...means)
}

function print(rows: readonly (readonly [string, string])[]): void {
  const width = Math.max(...rows.map(([name]) => name.length))
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`)
}

try {
  const chosen = options()
  if (chosen) await run(chosen)
  else console.log(USAGE)
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
