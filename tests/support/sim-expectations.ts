import { expect } from 'vitest'
import { summarize } from './sim-report.ts'
import { runSimulation, type SimulationOptions, type SimulationReport } from './simulation.ts'

/** Runs a world of which nothing may go wrong but what its troubles bring. */
export async function simulateSoundly(options: SimulationOptions): Promise<SimulationReport> {
  const report = await runSimulation(options)
  expect(report.violations, summarize(report)).toEqual([])
  expect(report.timersLeft, 'timers left when every tab is closed').toBe(0)
  expect(report.asked).toHaveLength(options.sessions)
  return report
}
