import '#relay/node20.ts'
import { writeFile } from 'node:fs/promises'
import { cpus, loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { isMet, quantile, tableOf, type Row } from './figures.ts'
import { measureModel } from './model.ts'
import { measureOpening } from './opening.ts'
import { measureSessions } from './sessions.ts'
import { buildBenchPage } from './stage.ts'

/** `npm run bench`: what a session costs in time and bytes, on real parts (docs/benchmarks.md). */

const MEASUREMENTS: Readonly<Record<string, () => Promise<Row[]>>> = {
  sessions: measureSessions,
  model: measureModel,
  opening: measureOpening,
}

const USAGE = `Usage: npm run bench -- [--only NAME]... [--json FILE]

Measures, with a relay process and Chromium tabs of this machine, each figure beside its target:
  sessions   coordination time, and bytes published and received, with models that take no time
  model      coordination time beyond that of the embedded model
  opening    from opening the URL to the first gossip, cold and warm

  --only NAME   only this measurement; may be repeated
  --json FILE   also writes the figures, with every sample and part, as JSON
  --help        this text

What else runs on the machine falsifies the times: the load average is printed beside them. docs/benchmarks.md says how
to read the table.`

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(MEASUREMENTS) },
    json: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  },
})
const unknown = values.only.filter((name) => !(name in MEASUREMENTS))
if (values.help) console.log(USAGE)
else if (unknown.length > 0) {
  console.error(`There is no measurement named ${unknown.join(', ')}.\n\n${USAGE}`)
  process.exitCode = 2
} else await run(values.only, values.json)

async function run(names: readonly string[], file: string | undefined): Promise<void> {
  console.error('Building the page …')
  await buildBenchPage()
  const loads: number[] = []
  const rows: Row[] = []
  for (const name of names) {
    loads.push(loadavg()[0] ?? 0)
    console.error(`Measuring ${name} …`)
    rows.push(...((await MEASUREMENTS[name]?.()) ?? []))
  }
  loads.push(loadavg()[0] ?? 0)
  const machine = { cores: cpus().length, processor: cpus()[0]?.model ?? '', loadAverages: loads }
  console.log(tableOf(rows))
  console.log(`\n${machine.cores} cores; load average ${loads.map((load) => load.toFixed(1)).join(', ')}.`)
  if (file === undefined) return
  const figures = rows.map((row) => ({
    ...row,
    p50: quantile(row.samples, 0.5),
    p95: quantile(row.samples, 0.95),
    met: isMet(row),
  }))
  await writeFile(file, `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, figures }, null, 2)}\n`)
}
