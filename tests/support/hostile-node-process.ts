import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { HostileNodeEvent, HostileNodeInit } from './hostile-node.ts'

export interface HostileNode {
  /** Says one of each malformed, oversized, forged and repeated frame. Resolves to the counters that they must raise. */
  attack(): Promise<readonly string[]>
  /** Repeats every frame that it heard before the attack, once gossip has forgotten them. Resolves to how many. */
  replay(): Promise<number>
  dispose(): Promise<void>
}

/** Resolves when the liar has a WebRTC link to its target. */
export async function startHostileNode(init: HostileNodeInit): Promise<HostileNode> {
  const script = ['--import', 'tsx', 'tests/support/hostile-node.ts', JSON.stringify(init)]
  const child = spawn(process.execPath, script, { stdio: ['pipe', 'pipe', 'pipe'] })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  let words = ''
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (words = (words + chunk).slice(-4_000)))
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const next = async <E extends HostileNodeEvent['event']>(event: E) => {
    const { value, done } = await lines.next()
    if (done) throw new Error(`the hostile node ended before it ${event}: ${words}`)
    const said = JSON.parse(value) as HostileNodeEvent
    if (said.event !== event) throw new Error(`the hostile node said ${value} instead of ${event}`)
    return said as Extract<HostileNodeEvent, { event: E }>
  }
  const dispose = async () => {
    process.removeListener('exit', kill)
    if (child.exitCode !== null || child.signalCode !== null) return
    kill()
    await once(child, 'exit')
  }
  try {
    await next('linked')
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    async attack() {
      child.stdin.write('attack\n')
      return (await next('attacked')).counters
    },
    async replay() {
      child.stdin.write('replay\n')
      return (await next('replayed')).frames
    },
    dispose,
  }
}
