import { firstTables } from './1-first-tables.ts'
import type { Migration } from './migration.ts'

/** All steps in order: the step at index n leads from version n to n + 1. */
export const MIGRATIONS: readonly Migration[] = [firstTables]
