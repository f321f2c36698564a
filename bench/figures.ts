/** What a measurement says, and how it is printed. */

/** One figure beside its target and what other systems do. */
export interface Row {
  readonly name: string
  readonly unit: 's' | 'kB'
  readonly samples: readonly number[]
  /** The median is held against it. */
  readonly target: number
  readonly reference: string
  /** Parts of the whole, in the same unit and in order; printed where the target is missed, kept in the file always. */
  readonly parts: readonly Part[]
}

export interface Part {
  readonly part: string
  readonly amount: number
}

/** The smallest sample that at least this share of all samples do not exceed. NaN without samples. */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN
}

/** The median of each part over several runs; parts are named in the order of the first run. */
export function medianParts(runs: readonly (readonly Part[])[]): Part[] {
  return (runs[0] ?? []).map(({ part }) => ({
    part,
    amount: quantile(
      runs.map((run) => run.find((each) => each.part === part)?.amount ?? 0),
      0.5,
    ),
  }))
}

export function isMet({ samples, target }: Row): boolean {
  return quantile(samples, 0.5) <= target
}

const COLUMNS = ['', 'p50', 'p95', 'target', '', 'what exists'] as const

/** The figures as a table, and under it where the time or the bytes go of those that miss their target. */
export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [
    row.name,
    amount(row, quantile(row.samples, 0.5)),
    amount(row, quantile(row.samples, 0.95)),
    amount(row, row.target),
    isMet(row) ? 'met' : 'missed',
    row.reference,
  ])
  const widths = COLUMNS.map((title, column) => Math.max(...[COLUMNS, ...cells].map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  const missed = rows.filter((row) => !isMet(row)).flatMap((row) => ['', `${row.name}: where it goes`, ...partsOf(row)])
  return [line(COLUMNS), ...cells.map(line), ...missed].map((each) => each.trimEnd()).join('\n')
}

/** The parts of a row, a line each. */
function partsOf(row: Row): string[] {
  const width = Math.max(...row.parts.map(({ part }) => part.length))
  return row.parts.map((each) => `  ${each.part.padEnd(width)}  ${amount(row, each.amount)}`)
}

function amount({ unit }: Row, value: number): string {
  return `${value.toFixed(unit === 's' ? 3 : 1)} ${unit}`
}
