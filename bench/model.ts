import type { Page } from '@playwright/test'
import type { Row } from './figures.ts'
import { ask, coordinationRow } from './sessions.ts'
import { openStage, openSwarm } from './stage.ts'

const QUESTIONS = [
  'What is the capital of Portugal?',
  'What is 7 + 5?',
  'What is the capital of Japan?',
  'Which planet is closest to the Sun?',
  'What is the capital of Kenya?',
  'What is 12 - 4?',
]

/** Coordination beyond the time of the embedded model, in small swarms of the page as it is. */
export async function measureModel(): Promise<Row[]> {
  const rows: Row[] = []
  for (const tabs of [3, 5]) {
    const stage = await openStage(`bench-model-${tabs}`)
    try {
      const pages = await openSwarm(stage, stage.address('model'), tabs)
      rows.push(await measureIn(pages, `coordination, ${tabs} tabs with the embedded model`))
    } finally {
      await stage.close()
    }
  }
  return rows
}

async function measureIn(pages: readonly Page[], name: string): Promise<Row> {
  const [asker] = pages
  if (!asker) throw new Error('no tab to ask in')
  const [first = '', ...questions] = QUESTIONS
  // The first answer of a page compiles what later ones use.
  await ask(asker, first, {})
  const asked = []
  for (const question of questions) asked.push(await ask(asker, question, {}))
  return coordinationRow(name, asked, await asker.evaluate(() => window.bench.statements()))
}
