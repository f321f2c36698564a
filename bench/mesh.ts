import '#relay/node20.ts'
import { setTimeout as elapse } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { proseOf } from '#support/prose.ts'
import { startRelayProcess, type RelayProcess } from '#support/relay-process.ts'
import { quantile } from './figures.ts'
import { openMeshSwarm, verdictsOf, type MeshSwarm } from './mesh-swarm.ts'

/** `npm run bench:mesh`: one large swarm in one process, beside a small one of the same run (docs/benchmarks.md). */

const USAGE = `Usage: npm run bench:mesh -- [--nodes N] [--sessions N] [--verify once|each]

Opens so many nodes in this process: real shells over real libp2p nodes (noise, yamux, gossipsub with the project's own
settings) and a relay process, with connections in memory in place of WebRTC and models that take no time. Asks in nodes
drawn by chance, one question after another, and prints how the sessions went, beside the same among 9 nodes.

  --nodes N      9 to 400 (default 200)
  --sessions N   1 to 200 (default 20)
  --verify WHO   once: the first node to receive a statement decodes and verifies it for all, so that the mesh is
                 measured and not 200 nodes' verifying on one machine; each: every node for itself (default once)
  --help         this text

Exit status: 0 every session ended with one verdict, 1 one did not, 2 the flags are wrong.`

const BASELINE_NODES = 9
const WARM_UPS = 2
const PROMPT_BYTES = 200

/** What gossip still has to say of the last session: three heartbeats of a second, and one to be sure. */
const AFTERMATH_MS = 4000

interface Figures {
  readonly rows: readonly (readonly [string, string])[]
  readonly failures: number
}

async function measure(relay: RelayProcess, size: number, sessions: number, verify: 'once' | 'each'): Promise<Figures> {
  const before = memoryMb()
  const swarm = await openMeshSwarm({
    size,
    relay: relay.address,
    network: `bench-${size}`,
    verify,
    onProgress: (open, together) => process.stderr.write(`\r${open} of ${size} nodes open, ${together} see all others`),
  })
  const builtMb = memoryMb() - before
  process.stderr.write('\n')
  try {
    for (let index = 0; index < WARM_UPS; index++) await askOne(swarm, index)
    await elapse(AFTERMATH_MS)
    const start = { ...swarm.traffic }
    const startedMs = performance.now()
    const asked: Asked[] = []
    for (let index = 0; index < sessions; index++) asked.push(await askOne(swarm, WARM_UPS + index))
    const tookS = (performance.now() - startedMs) / 1000
    await elapse(AFTERMATH_MS)
    const { traffic } = swarm
    const published = traffic.published - start.published
    const delivered = traffic.delivered - start.delivered
    const took = asked.map(({ tookMs }) => tookMs)
    const judged = asked.filter(({ verdict }) => verdict)
    const agreed = judged.filter(({ verdicts }) => verdicts === 1)
    const rows: [string, string][] = [
      ['nodes', `${size}`],
      ['time to build, all seeing all', `${(swarm.buildMs / 1000).toFixed(1)} s`],
      ['connections between nodes', `${swarm.connections}, ${((2 * swarm.connections) / size).toFixed(1)} a node`],
      ['memory', `${builtMb.toFixed(0)} MB, ${(builtMb / size).toFixed(2)} MB a node`],
      ['sessions asked', `${sessions}`],
      ['ended with a verdict', `${judged.length}`],
      ['ended with one verdict at all participants', `${agreed.length}`],
      ['question to verdict, p50', `${quantile(took, 0.5).toFixed(0)} ms`],
      ['question to verdict, p95', `${quantile(took, 0.95).toFixed(0)} ms`],
      [
        'frames delivered, of published times others',
        `${delivered} of ${published * (size - 1)} (${((100 * delivered) / (published * (size - 1))).toFixed(2)} %)`,
      ],
      [
        'published, a node and second',
        `${((traffic.publishedBytes - start.publishedBytes) / size / (tookS + AFTERMATH_MS / 1000)).toFixed(0)} bytes`,
      ],
    ]
    return { rows, failures: sessions - agreed.length }
  } finally {
    await swarm.close()
  }
}

interface Asked {
  readonly tookMs: number
  readonly verdict: boolean
  readonly verdicts: number
}

/** Each in another node, in an order that looks like chance and is the same in every run. */
async function askOne({ nodes }: MeshSwarm, index: number): Promise<Asked> {
  const asker = nodes[(index * 7919) % nodes.length]
  if (!asker) throw new Error('no node to ask in')
  const startedMs = performance.now()
  const answer = await asker.ask([{ role: 'user', content: proseOf(index, PROMPT_BYTES) }], { maxTokens: 64 })
  const tookMs = performance.now() - startedMs
  return { tookMs, verdict: answer.verdict !== null, verdicts: verdictsOf(nodes, answer.session) }
}

/** Without what is only waiting to be collected, where the collector can be called (`node --expose-gc`). */
function memoryMb(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss / 1e6
}

function print(columns: readonly Figures[]): void {
  const names = columns[0]?.rows.map(([name]) => name) ?? []
  const width = Math.max(...names.map((name) => name.length))
  for (const [row, name] of names.entries()) {
    console.log(
      `${name.padEnd(width)}  ${columns.map(({ rows }) => (rows[row]?.[1] ?? '').padEnd(26)).join('  ')}`.trimEnd(),
    )
  }
}

function integer(flag: string, text: string, min: number, max: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= min && value <= max) return value
  throw new RangeError(`--${flag} must be an integer from ${min} to ${max}, not "${text}".`)
}

function options() {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string', default: '200' },
      sessions: { type: 'string', default: '20' },
      verify: { type: 'string', default: 'once' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const { verify } = values
  if (verify !== 'once' && verify !== 'each') throw new RangeError(`--verify must be once or each, not "${verify}".`)
  return {
    help: values.help,
    nodes: integer('nodes', values.nodes, BASELINE_NODES, 400),
    sessions: integer('sessions', values.sessions, 1, 200),
    verify,
  } as const
}

/**
 * yamux acknowledges what it reads (`handleData`, then `sendWindowUpdate`) without looking whether the connection below can
 * still be written to; where that has ended meanwhile, the error escapes every caller. Cured upstream for what drains
 * (libp2p/js-libp2p#3415, #3512), not for what is read. In a tab that is a line on the console.
 */
process.on('uncaughtException', (error) => {
  if (error.name !== 'StreamStateError') throw error
  process.stderr.write(`\nwritten behind a connection's end: ${error.stack}\n`)
})

async function run({ nodes, sessions, verify }: ReturnType<typeof options>): Promise<void> {
  const flags = ['--connections-per-address', '100000', '--new-connections-per-minute', '1000000']
  const relay = await startRelayProcess({ network: 'bench', flags })
  try {
    const baseline = await measure(relay, BASELINE_NODES, sessions, verify)
    const large = await measure(relay, nodes, sessions, verify)
    console.log(`a statement is verified by: ${verify === 'once' ? 'the first node, for all' : 'each node'}\n`)
    print([baseline, large])
    if (baseline.failures + large.failures > 0) process.exitCode = 1
  } finally {
    await relay.dispose()
  }
}

try {
  const chosen = options()
  if (chosen.help) console.log(USAGE)
  else await run(chosen)
} catch (error) {
  if (!(error instanceof RangeError) && !(error as Error & { code?: string }).code?.startsWith('ERR_PARSE_ARGS'))
    throw error
  console.error(`${(error as Error).message}\n\n${USAGE}`)
  process.exitCode = 2
}
