import type { Logger } from '#ports/logger.ts'

interface LogEntry {
  readonly level: Level
  readonly event: string
  readonly fields: Fields
}

/** A `Logger` that can be looked into. */
export interface RecentLogger extends Logger {
  /** The latest entries of every level, oldest first. */
  recent(): readonly LogEntry[]
}

export interface LoggerInit {
  /** What is printed as well: this level and graver ones. Default: nothing, a working page has a silent console. */
  readonly print?: Level
  readonly console?: Pick<Console, Level>
}

type Level = Parameters<Logger['log']>[0]
type Fields = NonNullable<Parameters<Logger['log']>[2]>

const LEVELS: readonly Level[] = ['debug', 'info', 'warn', 'error']

/** Enough for the story of a few sessions when somebody asks what happened. */
const KEPT_ENTRIES = 500

export function createLogger({ print, console = globalThis.console }: LoggerInit = {}): RecentLogger {
  const counters = new Map<string, number>()
  /** A ring: `written` modulo its size is where the next entry goes. */
  const ring: LogEntry[] = []
  let written = 0
  const printsFrom = print === undefined ? Infinity : LEVELS.indexOf(print)

  return {
    count(name) {
      counters.set(name, (counters.get(name) ?? 0) + 1)
    },
    counts: () => Object.fromEntries(counters),
    log(level, event, fields = {}) {
      ring[written % KEPT_ENTRIES] = { level, event, fields }
      written += 1
      if (LEVELS.indexOf(level) >= printsFrom) console[level](event, fields)
    },
    recent() {
      const oldest = written % KEPT_ENTRIES
      return written <= KEPT_ENTRIES ? [...ring] : [...ring.slice(oldest), ...ring.slice(0, oldest)]
    },
  }
}
