import type { SimulationReport } from './simulation.ts'

/** Most broken invariants that are worth reading at once. */
const SHOWN_VIOLATIONS = 20

export interface Endings {
  readonly sessions: number
  readonly verdicts: number
  readonly alone: number
  readonly cancelled: number
  /** Ended with a sentence. */
  readonly failed: number
  /** The asker's tab was closed and did not take the question up again. */
  readonly gone: number
}

export function countEndings({ asked }: Pick<SimulationReport, 'asked'>): Endings {
  const count = (...endings: (string | null)[]) => asked.filter(({ ending }) => endings.includes(ending)).length
  return {
    sessions: asked.length,
    verdicts: count('answered'),
    alone: count('alone'),
    cancelled: count('AbortError'),
    failed: count('NoEngineError', 'SessionFailedError', 'TooManyQuestionsError'),
    gone: count('gone'),
  }
}

/** A simulation as a table. */
export function summarize(report: SimulationReport): string {
  const { asked, said, troubles, violations } = report
  const answered = asked.filter(({ ending }) => ending === 'answered')
  const waits = answered.map(({ askedAtMs, endedAtMs }) => endedAtMs - askedAtMs)
  const meanMs = waits.reduce((sum, wait) => sum + wait, 0) / Math.max(1, waits.length)
  const right = answered.filter((one) => one.right).length
  const rows: [string, string | number][] = [
    ['seed', report.seed],
    ...(Object.entries(countEndings(report)) as [string, number][]),
    ['take-overs', report.takeovers],
    ['replaced seats', said['role-replaced'] ?? 0],
    ['objections', said.objection ?? 0],
    ['mean time to verdict', `${Math.round(meanMs)} ms`],
    ['right answers', `${Math.round((100 * right) / Math.max(1, answered.length))} % of verdicts`],
    ['sessions with two verdicts', report.disagreements],
    ['transcripts replayed', report.replayed],
    ['published by all', `${(report.sessionBytes / asked.length / 1000).toFixed(1)} kB a session, without presence`],
    ['frames delivered', report.receivedFrames],
    ['virtual time', `${Math.round(report.virtualMs / 1000)} s`],
    ...Object.entries({ ...troubles, ...report.counters }).sort(([a], [b]) => (a < b ? -1 : 1)),
    ['event hash', report.eventHash.slice(0, 16)],
    ['broken invariants', violations.length],
  ]
  const width = Math.max(...rows.map(([name]) => name.length))
  return [
    ...rows.map(([name, value]) => `${name.padEnd(width)}  ${value}`),
    ...violations.slice(0, SHOWN_VIOLATIONS),
  ].join('\n')
}
