import {
  addCustomEqualityTesters,
  chai,
  JestAsymmetricMatchers,
  JestChaiExpect,
  JestExtend,
  setState,
} from '@vitest/expect'
import type { ExpectStatic } from '@vitest/expect'

/** As much of Vitest as the contract suites use, so that they run inside a real page (an alias puts it in its place). */

chai.use(JestExtend)
chai.use(JestChaiExpect)
chai.use(JestAsymmetricMatchers)

export const expect = chai.expect as unknown as ExpectStatic
setState({ assertionCalls: 0, isExpectingAssertions: false }, expect)
addCustomEqualityTesters([])

interface Case {
  readonly title: string
  readonly run: () => unknown
}

export interface Outcome {
  readonly title: string
  /** Null where it passed. */
  readonly error: string | null
}

const path: string[] = []
const cases: Case[] = []

export function describe(title: string, body: () => void): void {
  path.push(title)
  body()
  path.pop()
}

export function it(title: string, run: () => unknown): void {
  cases.push({ title: [...path, title].join(' > '), run })
}

it.each = <Row extends object>(rows: readonly Row[]) => {
  return (title: string, run: (row: Row) => unknown) => {
    rows.forEach((row, index) => it(`${title} (${index})`, () => run(row)))
  }
}

/** Runs what the suites have registered, one after another. */
export async function runCases(): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  for (const { title, run } of cases.splice(0)) {
    try {
      await run()
      outcomes.push({ title, error: null })
    } catch (error) {
      outcomes.push({ title, error: error instanceof Error ? `${error.message}\n${error.stack}` : String(error) })
    }
  }
  return outcomes
}
