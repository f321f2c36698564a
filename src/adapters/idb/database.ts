import { openDB, type IDBPDatabase, type OpenDBCallbacks } from 'idb'
import { NamedError } from '#ports/named-error.ts'
import type { Migration } from './migrations/migration.ts'
import { MIGRATIONS } from './migrations/migrations.ts'

/** Another tab runs newer code and wants to upgrade: this page lets go of the database and works from memory. */
class DatabaseUpgradedError extends NamedError {}
/** The browser closed the connection, as when a person clears the site's data. */
class DatabaseClosedError extends NamedError {}
/** A tab of an older version holds the database and does not let go. */
export class DatabaseBlockedError extends NamedError {}
/** The browser did not say yes or no; some have hung in `open` for ever. */
class DatabaseSilentError extends NamedError {}
/** This platform has no IndexedDB. */
class DatabaseMissingError extends NamedError {}
/** A migration threw. The database stays as it was. */
export class DatabaseMigrationError extends NamedError {}

export interface DatabaseInit {
  readonly name: string
  /** For tests: history as it was, or as it may become. */
  readonly migrations?: readonly Migration[]
  /** A disk that is busy with a migration answers within it; longer than a person waits for a page. */
  readonly timeoutMs?: number
}

/** One open database and what became of it. */
export interface Connection {
  readonly database: IDBPDatabase
  /** Calls back when the connection ends without `close`. Only the latest listener is kept. */
  onLost(listener: (error: NamedError) => void): void
  close(): void
}

/**
 * Opens the database and brings it up to date.
 *
 * Errors: the classes above, `VersionError` where newer code has been here, and what browsers throw where storage is
 * blocked or broken: `SecurityError`, `InvalidStateError`, `UnknownError`, `QuotaExceededError`.
 */
export async function openDatabase({
  name,
  migrations = MIGRATIONS,
  timeoutMs = 5_000,
}: DatabaseInit): Promise<Connection> {
  // Reading the property throws a SecurityError in some browsers where storage is blocked, and is undefined in others.
  if (globalThis.indexedDB === undefined) throw new DatabaseMissingError('this platform has no IndexedDB')
  let onLost: (error: NamedError) => void = () => undefined
  let migrationError: unknown
  const given = givenUp(timeoutMs)

  const callbacks: OpenDBCallbacks<unknown> = {
    upgrade(database, oldVersion, _newVersion, transaction) {
      // An aborted upgrade also fails the opening, which is where it is told.
      transaction.done.catch(() => undefined)
      runMigrations(migrations.slice(oldVersion), database, transaction).catch((error: unknown) => {
        migrationError = error
        transaction.abort()
      })
    },
    blocked: () => given.up(new DatabaseBlockedError('an older tab holds the database')),
    blocking(_currentVersion, newVersion, event) {
      // The connection closes at once, or the other tab would wait for this one.
      const database = event.target as IDBDatabase
      database.close()
      onLost(
        newVersion === null
          ? new DatabaseClosedError('the database is being deleted')
          : new DatabaseUpgradedError('a newer tab upgrades the database'),
      )
    },
    terminated: () => onLost(new DatabaseClosedError('the browser closed the database')),
  }

  // In an async function of its own, so that browsers that throw at once look like those that reject.
  const opening = (async () => openDB(name, migrations.length, callbacks))()
  try {
    const database = await Promise.race([opening, given.promise])
    return {
      database,
      onLost(listener) {
        onLost = listener
      },
      close: () => database.close(),
    }
  } catch (error) {
    closeWhenOpen(opening)
    if (migrationError === undefined) throw error
    throw new DatabaseMigrationError('the database could not be upgraded', { cause: migrationError })
  } finally {
    given.end()
  }
}

type Upgrade = NonNullable<OpenDBCallbacks<unknown>['upgrade']>

async function runMigrations(steps: readonly Migration[], database: IDBPDatabase, transaction: Parameters<Upgrade>[3]) {
  for (const step of steps) await step.migrate(database, transaction)
}

/** A request to open cannot be cancelled; one that succeeds after all must not hold the database for ever. */
function closeWhenOpen(opening: Promise<IDBPDatabase>) {
  opening.then(
    (database) => database.close(),
    () => undefined,
  )
}

function givenUp(timeoutMs: number) {
  let up: (error: NamedError) => void = () => undefined
  const promise = new Promise<never>((_resolve, reject) => {
    up = reject
  })
  const timer = setTimeout(() => up(new DatabaseSilentError('the browser did not open the database')), timeoutMs)
  return { promise, up, end: () => clearTimeout(timer) }
}
