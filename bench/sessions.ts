import { availableParallelism } from 'node:os'
import { setTimeout as elapse } from 'node:timers/promises'
import type { Page } from '@playwright/test'
import { medianParts, type Part, type Row } from './figures.ts'
import type { Received, Statement } from './page/probe.ts'
import { proseOf } from '#support/prose.ts'
import { openStage, openSwarm, type Stage } from './stage.ts'
import { coordinationOf, type Asked } from './timeline.ts'

/** The asker's tab and eight others, each of another person, so that the draw can fill every seat from outside. */
const TABS = 9
const NEEDS = { executors: 3, verifiers: 5 }
const PROMPT_BYTES = 1024

/** A node takes at most 30 sessions a minute from one asker; two to warm up leave room for this many. */
const SESSIONS = 24
const WARM_UPS = 2

/** Nine tabs on one machine take turns: how much of a session's time they would need if nothing else ran. */
const PROCESSORS_SHARE = 'meanwhile used: processor time of all tabs, over all cores'

/** How long the swarm is watched while nobody asks. */
const IDLE_WINDOW_MS = 15_000
/** What gossip still has to say of a session after its end: three heartbeats of a second, and one to be sure. */
const AFTERMATH_MS = 4_000

/** Coordination time and bytes of sessions whose models take no time. */
export async function measureSessions(): Promise<Row[]> {
  const stage = await openStage('bench-sessions')
  try {
    return await measureOn(stage)
  } finally {
    await stage.close()
  }
}

async function measureOn(stage: Stage): Promise<Row[]> {
  const pages = await openSwarm(stage, stage.address('instant'), TABS)
  const asker = pages.at(-1)
  if (!asker) throw new Error('no tab to ask in')
  for (let index = 0; index < WARM_UPS; index++) await ask(asker, promptOf(index))
  await elapse(AFTERMATH_MS)

  const idle = await receivedDuring(pages, () => elapse(IDLE_WINDOW_MS))
  const processors = await watchProcessors(pages)
  const asked: Asked[] = []
  let workedS = 0
  const busy = await receivedDuring(pages, async () => {
    const beforeS = await processors.usedS()
    for (let index = 0; index < SESSIONS; index++) asked.push(await ask(asker, promptOf(WARM_UPS + index)))
    workedS = (await processors.usedS()) - beforeS
    await elapse(AFTERMATH_MS)
  })
  const statements = await Promise.all(pages.map((page) => page.evaluate(() => window.bench.statements())))
  const ofSessions = statements.map((ofPage) =>
    ofPage.filter(({ session }) => asked.some((each) => each.session === session)),
  )
  const coordination = coordinationRow(
    'coordination, 9 tabs with models that take no time',
    asked,
    statements.at(-1) ?? [],
  )
  const share = { part: PROCESSORS_SHARE, amount: workedS / SESSIONS / availableParallelism() }
  return [
    { ...coordination, parts: [...coordination.parts, share] },
    publishedRow(asked, ofSessions),
    receivedRow(asked.length, ofSessions, idle, busy),
  ]
}

/** Processor time that all tabs' processes used so far, as the browser counts it: what else runs does not add to it. */
async function watchProcessors(pages: readonly Page[]): Promise<{ usedS(): Promise<number> }> {
  const sessions = await Promise.all(pages.map((page) => page.context().newCDPSession(page)))
  await Promise.all(sessions.map((session) => session.send('Performance.enable')))
  return {
    async usedS() {
      const answers = await Promise.all(sessions.map((session) => session.send('Performance.getMetrics')))
      const times = answers.map(({ metrics }) => metrics.find(({ name }) => name === 'ProcessTime')?.value ?? 0)
      return times.reduce((sum, time) => sum + time, 0)
    },
  }
}

export async function ask(page: Page, prompt: string, needs: Partial<typeof NEEDS> = NEEDS): Promise<Asked> {
  return page.evaluate(
    async ({ prompt, needs }) => {
      const startedMs = performance.now()
      const answer = await window.tabswarm?.ask(prompt, needs)
      if (!answer?.verdict) throw new Error('nobody judged the answer')
      return { session: answer.sessionId, startedMs, endedMs: performance.now() }
    },
    { prompt, needs },
  )
}

export function coordinationRow(name: string, asked: readonly Asked[], atAsker: readonly Statement[]): Row {
  const told = asked.map((each) => coordinationOf(each, atAsker))
  return {
    name,
    unit: 's',
    samples: told.map(({ totalS }) => totalS),
    target: 0.3,
    reference: '14.2 s of fixed sleeps (rnet-inference), 0-15 s polling (Infernet)',
    parts: medianParts(told.map(({ parts }) => parts)),
  }
}

function publishedRow(asked: readonly Asked[], statements: readonly (readonly Statement[])[]): Row {
  const own = statements.flat().filter((statement) => statement.own)
  const types = [...new Set(own.map(({ type }) => type))]
  const parts = types.map((type) => {
    const ofType = own.filter((each) => each.type === type)
    const each = ofType.length / asked.length
    return { part: `${type}, ${each.toFixed(1)} times`, amount: kilobytes(ofType) / asked.length }
  })
  return {
    name: 'published in a session, by all',
    unit: 'kB',
    samples: asked.map(({ session }) => kilobytes(own.filter((each) => each.session === session))),
    target: 16,
    reference: '',
    parts: parts.sort((a, b) => b.amount - a.amount),
  }
}

interface Watched {
  readonly lastedMs: number
  readonly tabs: readonly Received[]
}

async function receivedDuring(pages: readonly Page[], during: () => Promise<void>): Promise<Watched> {
  const read = () => Promise.all(pages.map((page) => page.evaluate(() => window.bench.received())))
  const before = await read()
  const startedMs = performance.now()
  await during()
  const lastedMs = performance.now() - startedMs
  const after = await read()
  const less = (kind: keyof Received, tab: number) => (after[tab]?.[kind] ?? 0) - (before[tab]?.[kind] ?? 0)
  return {
    lastedMs,
    tabs: pages.map((_, tab) => ({
      direct: less('direct', tab),
      payload: less('payload', tab),
      relay: less('relay', tab),
    })),
  }
}

function receivedRow(
  sessions: number,
  statements: readonly (readonly Statement[])[],
  idle: Watched,
  busy: Watched,
): Row {
  const perSession = (kind: keyof Received, tab: number) => {
    const idleBytes = ((idle.tabs[tab]?.[kind] ?? 0) / idle.lastedMs) * busy.lastedMs
    return ((busy.tabs[tab]?.[kind] ?? 0) - idleBytes) / sessions / 1000
  }
  const tabs = busy.tabs.map((_, tab) => {
    const heard = (statements[tab] ?? []).filter(({ own }) => !own)
    const once = kilobytes(heard) / sessions
    const payload = perSession('payload', tab)
    const relay = perSession('relay', tab)
    return {
      total: perSession('direct', tab) + relay,
      parts: [
        { part: 'every statement once', amount: once },
        { part: 'further copies, gossip control, drafts', amount: payload - once },
        { part: 'SCTP and DTLS, acknowledgements', amount: perSession('direct', tab) - payload },
        { part: 'over the relay', amount: relay },
        { part: 'not counted: idle traffic, a second', amount: idlePerSecond(idle, tab) },
      ] satisfies Part[],
    }
  })
  return {
    name: 'received in a session, a tab',
    unit: 'kB',
    samples: tabs.map(({ total }) => total),
    target: 60,
    reference: '',
    parts: medianParts(tabs.map(({ parts }) => parts)),
  }
}

function idlePerSecond({ tabs, lastedMs }: Watched, tab: number): number {
  const received = tabs[tab]
  return received ? (received.direct + received.relay) / lastedMs : Number.NaN
}

const kilobytes = (statements: readonly Statement[]) => statements.reduce((sum, { bytes }) => sum + bytes, 0) / 1000

/** A question of the length that the budget is stated for, each another. */
function promptOf(index: number): string {
  return proseOf(index, PROMPT_BYTES)
}
