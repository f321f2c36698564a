import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** The relay as its own process, which can die and come back under the same key and port. */
export interface RelayProcess {
  readonly port: number
  readonly url: string
  /** Multiaddr of its WebSocket, ending in its peer id. */
  readonly address: string
  /** Ends it at once, as a crash would. */
  kill(): Promise<void>
  /** Starts it again where it was. */
  restart(): Promise<void>
  /** Kills it and removes its key. */
  dispose(): Promise<void>
}

/** What a relay that does not start says last. */
const KEPT_WORDS = 4_000

export async function startRelayProcess(init: {
  network: string
  staticDir?: string
  flags?: readonly string[]
}): Promise<RelayProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'tabswarm-relay-'))
  const start = async (port: number) => {
    const flags = ['--port', `${port}`, '--host', '127.0.0.1', '--network', init.network]
    const files = ['--identity', join(directory, 'relay.key'), '--static', init.staticDir ?? directory]
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', 'relay/main.ts', ...flags, ...files, ...(init.flags ?? [])],
      {
        // Never inherited: a child that outlives a crashed test run would keep the runner's output open.
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    const words = lastWordsOf(child)
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    for await (const line of createInterface({ input: child.stdout })) {
      if (!line.startsWith('listening ')) continue
      const { port, peerId } = JSON.parse(line.slice('listening '.length)) as { port: number; peerId: string }
      child.stdout.resume()
      return { child, kill, port, peerId }
    }
    throw new Error(`the relay ended before it listened: ${words()}`)
  }

  let running = await start(0)
  const kill = async () => {
    process.removeListener('exit', running.kill)
    if (running.child.exitCode !== null || running.child.signalCode !== null) return
    running.kill()
    await once(running.child, 'exit')
  }
  return {
    port: running.port,
    url: `http://127.0.0.1:${running.port}`,
    address: `/ip4/127.0.0.1/tcp/${running.port}/ws/p2p/${running.peerId}`,
    kill,
    async restart() {
      await kill()
      running = await start(running.port)
    },
    async dispose() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

function lastWordsOf(child: ChildProcess): () => string {
  let words = ''
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => {
    words = (words + chunk).slice(-KEPT_WORDS)
  })
  return () => words
}
