/** Events by name, for people and for tests. Never given a prompt, an answer or a key. */
export interface Logger {
  /** Adds one to a named counter, such as `dropped:forged`. */
  count(name: string): void
  counts(): Readonly<Record<string, number>>
  log(
    level: 'debug' | 'info' | 'warn' | 'error',
    event: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
  ): void
}
