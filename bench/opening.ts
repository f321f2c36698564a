import { medianParts, type Part, type Row } from './figures.ts'
import { markOf, openStage, openSwarm, type Stage } from './stage.ts'
import type { Page } from '@playwright/test'

/** Tabs that are there already. */
const TABS = 4
const RUNS = 10

const REFERENCE = '>= 4.5 s of sleeps (rnet-inference)'

/** What a page passes on its way to its first gossip, in order. */
const MILESTONES: readonly (readonly [mark: string, part: string])[] = [
  ['script', 'the page is there, its first script runs'],
  ['identity', 'code loaded, store opened, identity claimed'],
  ['relay', 'libp2p up, relay connected'],
  ['gossip peer', 'gossip stream to the relay'],
  ['first gossip', 'first statement heard'],
]

/** From opening the URL to the first statement heard over gossip, for a new visitor and for a returning one. */
export async function measureOpening(): Promise<Row[]> {
  const stage = await openStage('bench-opening')
  try {
    await openSwarm(stage, stage.address('model'), TABS)
    const runs = []
    for (let index = 0; index < RUNS; index++) runs.push(await visitTwice(stage))
    return [
      rowOf(
        'URL to first gossip, cold',
        2,
        runs.map(({ cold }) => cold),
      ),
      rowOf(
        'URL to first gossip, warm',
        1,
        runs.map(({ warm }) => warm),
      ),
    ]
  } finally {
    await stage.close()
  }
}

/** The first visit is a new profile's; the second finds code, identity and known peers of the first. */
async function visitTwice(stage: Stage): Promise<{ cold: Visit; warm: Visit }> {
  const context = await stage.browser.newContext()
  try {
    const page = await context.newPage()
    await page.goto(stage.address('model'))
    const cold = await visitOf(page)
    await markOf(page, 'direct link')
    await page.reload()
    return { cold, warm: await visitOf(page) }
  } finally {
    await context.close()
  }
}

interface Visit {
  readonly tookS: number
  readonly parts: readonly Part[]
}

async function visitOf(page: Page): Promise<Visit> {
  const tookMs = await markOf(page, 'first gossip')
  const marks = await page.evaluate(() => window.bench.marks)
  let sinceMs = 0
  const parts = MILESTONES.flatMap(([mark, part]) => {
    const atMs = marks[mark]
    // Gossip of a neighbour that was known from earlier may come before the relay's.
    if (atMs === undefined || atMs < sinceMs || atMs > tookMs) return [{ part, amount: 0 }]
    const amount = (atMs - sinceMs) / 1000
    sinceMs = atMs
    return [{ part, amount }]
  })
  return { tookS: tookMs / 1000, parts }
}

function rowOf(name: string, target: number, visits: readonly Visit[]): Row {
  return {
    name,
    unit: 's',
    samples: visits.map(({ tookS }) => tookS),
    target,
    reference: REFERENCE,
    parts: medianParts(visits.map(({ parts }) => parts)),
  }
}
