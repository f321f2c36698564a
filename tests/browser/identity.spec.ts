import type { Page } from '@playwright/test'
import { expect, INSECURE_ORIGIN, ready, test } from './store-fixtures.ts'

interface Claimed {
  readonly node: string
  readonly operator: string
  readonly slot: number
  readonly persistent: boolean
}

async function claim(page: Page): Promise<Claimed> {
  return page.evaluate(async () => {
    const { node, certificate, slot, persistent } = await window.parts.keys.claim()
    return { node, operator: certificate.operator, slot, persistent }
  })
}

/** In the page: the slots whose locks are held. */
async function heldSlots(): Promise<number[]> {
  const { held = [] } = await navigator.locks.query()
  return held.flatMap(({ name }) => /:slot:(\d+)$/.exec(name ?? '')?.[1] ?? []).map(Number)
}

const slots = (identities: readonly Claimed[]) => identities.map((each) => each.slot).sort()
const distinct = (values: readonly string[]) => new Set(values).size

test('ID-2: three tabs that start at once get three slots and one operator', async ({ profile }) => {
  const tabs = await Promise.all([1, 2, 3].map(() => profile.openTab()))
  const identities = await Promise.all(tabs.map(claim))
  expect(slots(identities)).toEqual([0, 1, 2])
  expect(distinct(identities.map((each) => each.node))).toBe(3)
  expect(distinct(identities.map((each) => each.operator))).toBe(1)
  expect(identities.every((each) => each.persistent)).toBe(true)
})

test('a reloaded tab keeps its identity, again and again', async ({ profile }) => {
  const [first, second] = [await profile.openTab(), await profile.openTab()]
  const before = [await claim(first), await claim(second)]
  await first.close()
  for (let time = 0; time < 5; time++) {
    await second.reload()
    await ready(second)
    expect(await claim(second)).toEqual(before[1])
  }
})

test('all tabs reloaded at once keep their identities', async ({ profile }) => {
  const tabs = [await profile.openTab(), await profile.openTab(), await profile.openTab()]
  const before = await Promise.all(tabs.map(claim))
  await Promise.all(tabs.map((tab) => tab.reload()))
  await Promise.all(tabs.map(ready))
  expect(await Promise.all(tabs.map(claim))).toEqual(before)
})

test('a closed or crashed tab frees its slot for the next, with its key', async ({ profile }) => {
  const [first, second] = [await profile.openTab(), await profile.openTab()]
  const before = [await claim(first), await claim(second)]
  await first.close()
  const third = await profile.openTab()
  expect(await claim(third)).toEqual(before[0])
  await second.goto('chrome://crash').catch(() => undefined)
  await expect.poll(() => third.evaluate(heldSlots), 'the browser lets go of the dead tab’s lock').toEqual([0])
  const fourth = await profile.openTab()
  expect(await claim(fourth)).toEqual(before[1])
})

test('ID-2: a duplicated tab gets an identity of its own, and keeps that', async ({ profile }) => {
  const original = await profile.openTab()
  const first = await claim(original)
  // A window that a page opens starts with a copy of its sessionStorage, as a duplicated tab does.
  const [duplicate] = await Promise.all([
    profile.context.waitForEvent('page'),
    original.evaluate(() => void window.open('/')),
  ])
  await ready(duplicate)
  expect(await duplicate.evaluate(() => sessionStorage.getItem('profile:slot'))).toBe('0')
  const copied = await claim(duplicate)
  expect(copied).toMatchObject({ slot: 1, operator: first.operator, persistent: true })
  expect(copied.node).not.toBe(first.node)
  await Promise.all([original.reload(), duplicate.reload()])
  await Promise.all([ready(original), ready(duplicate)])
  expect([await claim(duplicate), await claim(original)]).toEqual([copied, first])
})

test('an insecure context makes up an identity for this page alone', async ({ profile }) => {
  const page = await profile.openTab(INSECURE_ORIGIN)
  const device = await page.evaluate(() => window.parts.device.state())
  expect(device).toMatchObject({ secureContext: false, online: true, visibility: 'visible', webrtc: true })
  const first = await claim(page)
  expect(first).toMatchObject({ slot: 0, persistent: false })
  await page.reload()
  await ready(page)
  expect((await claim(page)).node).not.toBe(first.node)
})
