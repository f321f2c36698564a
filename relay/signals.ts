import type { Log } from './log.ts'

/** The first SIGTERM or SIGINT stops in good order and exits with 0; a second one exits at once. */
export function stopOnSignals(stop: () => Promise<void>, log: Log): void {
  let stopping = false
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1)
    stopping = true
    log('info', 'stopping', { signal })
    stop().then(
      () => {
        log('info', 'stopped')
        process.exit(0)
      },
      (error: unknown) => {
        log('error', 'stop-failed', { error: error instanceof Error ? error.name : 'unknown' })
        process.exit(1)
      },
    )
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGINT', onSignal)
}

/** SIGHUP: the certificate was renewed. One that cannot be used leaves the old one in place. */
export function reloadOnHangup(reload: () => Promise<void>, log: Log): void {
  process.on('SIGHUP', () => {
    reload().then(
      () => log('info', 'certificate-reloaded'),
      (error: unknown) =>
        log('error', 'certificate-kept', { error: error instanceof Error ? error.message : 'unknown' }),
    )
  })
}
