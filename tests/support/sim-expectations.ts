import { expect } from 'vitest'
import { countEndings, summarize } from './sim-report.ts'
import { runSimulation, type SimulationOptions, type SimulationReport } from './simulation.ts'

/** Runs a world of which nothing may go wrong but what its troubles bring. */
export async function simulateSoundly(options: SimulationOptions): Promise<SimulationReport> {
  const report = await runSimulation(options)
  expect(report.violations, summarize(report)).toEqual([])
  expect(report.timersLeft, 'timers left when every tab is closed').toBe(0)
  expect(report.asked).toHaveLength(options.sessions)
  return report
}

/** The same, and says how it goes: for worlds that take a while. */
export async function simulateAloud(options: SimulationOptions): Promise<SimulationReport> {
  const world = `seed ${options.seed}, ${options.nodes} nodes`
  const began = process.cpuUsage()
  const onProgress = (asked: number) => console.log(`${world}: ${asked} of ${options.sessions} questions asked`)
  const report = await simulateSoundly({ ...options, onProgress })
  const { user, system } = process.cpuUsage(began)
  const { sessions, verdicts, alone } = countEndings(report)
  console.log(
    `${world}: ${sessions} questions, ${verdicts} verdicts, ${alone} answered alone, ` +
      `${report.takeovers} take-overs, ${report.replayed} transcripts replayed, ` +
      `${report.receivedFrames} frames in ${Math.round(report.virtualMs / 1000)} s of virtual time, ` +
      `${Math.round((user + system) / 1e6)} s of computing`,
  )
  return report
}
