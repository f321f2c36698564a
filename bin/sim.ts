import { parseArgs } from 'node:util'
import { EMBEDDED_QUESTIONS, loadEmbeddedMinds } from '#support/embedded-minds.ts'
import { summarize } from '#support/sim-report.ts'
import { runSimulation } from '#support/simulation.ts'

/** Runs real nodes over a seeded network in virtual time, and says how their sessions went: `npm run sim`. */

const USAGE = `Usage: npm run sim -- [--nodes N] [--sessions N] [--seed N] [--engine fake|embedded]

Simulates a swarm in virtual time: real nodes on a network that delays, loses, repeats, reorders and divides, with
tabs that crash and return and frames that nobody sent. The same seed gives the same run.

  --nodes N      how many tabs (2 to 200; default 50)
  --sessions N   how many questions (1 to 100000; default 100)
  --seed N       an integer from 0 to 4294967295 (default 1)
  --engine KIND  fake: answers and judgements are made up (default). embedded: the members that come with the page
                 answer and judge for real, in Node; what that takes in virtual time is what it takes a laptop, a
                 phone and an old phone.
  --help         this text

Exit status: 0 no invariant was broken, 1 one was, 2 the flags are wrong.`

class UsageError extends Error {}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new UsageError(`--${flag} must be an integer from ${min} to ${max}, not "${text}".`)
  }
  return value
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        nodes: { type: 'string', default: '50' },
        sessions: { type: 'string', default: '100' },
        seed: { type: 'string', default: '1' },
        engine: { type: 'string', default: 'fake' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
    if (values.help) return null
    if (values.engine !== 'fake' && values.engine !== 'embedded') {
      throw new UsageError(`--engine must be fake or embedded, not "${values.engine}".`)
    }
    return {
      nodes: integer('nodes', values.nodes, 2, 200),
      sessions: integer('sessions', values.sessions, 1, 100_000),
      seed: integer('seed', values.seed, 0, 2 ** 32 - 1),
      engine: values.engine,
    }
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

try {
  const chosen = options()
  if (chosen) {
    const { engine, ...size } = chosen
    const report = await runSimulation({
      ...size,
      ...(engine === 'embedded' && { ...EMBEDDED_QUESTIONS, mindOf: await loadEmbeddedMinds(), maxTokens: 96 }),
      onProgress: (asked) => process.stderr.write(`${asked} of ${chosen.sessions} questions asked\n`),
    })
    console.log(summarize(report))
    if (report.violations.length > 0) process.exitCode = 1
  } else {
    console.log(USAGE)
  }
} catch (error) {
  if (!(error instanceof UsageError)) throw error
  console.error(`${error.message}\n\n${USAGE}`)
  process.exitCode = 2
}
