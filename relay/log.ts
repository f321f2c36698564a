/** One line an event on stderr: time, level, name, fields as JSON. Never given a frame, a key or a whole address. */
export type Log = (level: 'info' | 'warn' | 'error', event: string, fields?: Readonly<Record<string, unknown>>) => void

export const logToStderr: Log = (level, event, fields = {}) => {
  process.stderr.write(`${new Date().toISOString()} ${level} ${event} ${JSON.stringify(fields)}\n`)
}
