import { expect, ready, SECURE_ORIGIN, test } from './store-fixtures.ts'

for (const suite of ['store', 'locks', 'crypto', 'clock'] as const) {
  test(`the contract of ${suite} holds in this browser`, async ({ profile }) => {
    const page = await profile.openTab()
    const outcomes = await page.evaluate((name) => window.parts.runSuite(name), suite)
    expect(outcomes.filter((outcome) => outcome.error !== null)).toEqual([])
    expect(outcomes.length).toBeGreaterThan(3)
  })
}

test('keeps records over a reload and shares them between tabs', async ({ profile }) => {
  const one = await profile.openTab()
  await one.evaluate(async () => {
    const store = await window.parts.openStore('kept')
    await store.putSettings({ ...(await store.getSettings()), theme: 'dark' })
  })
  await one.reload()
  await ready(one)
  const other = await profile.openTab()
  for (const tab of [one, other]) {
    const read = await tab.evaluate(async () => {
      const store = await window.parts.openStore('kept')
      return { theme: (await store.getSettings()).theme, persistent: store.persistent }
    })
    expect(read).toEqual({ theme: 'dark', persistent: true })
  }
})

test('goes on in memory when the disk is full, and loses nothing that was stored', async ({ profile }) => {
  const page = await profile.openTab()
  const pageErrors: Error[] = []
  page.on('pageerror', (error) => pageErrors.push(error))
  const devtools = await profile.context.newCDPSession(page)
  // Before the first write, because the browser remembers for a while how much room there was.
  await devtools.send('Storage.overrideQuotaForOrigin', { origin: SECURE_ORIGIN, quotaSize: 1_000_000 })
  await page.evaluate(async () => Object.assign(window, { store: await window.parts.openStore('full') }))
  const write = (id: string, sizeBytes: number) =>
    page.evaluate(
      async ([chatId, size]) => {
        const { store } = window as unknown as { store: Awaited<ReturnType<typeof window.parts.openStore>> }
        // Random, because what compresses well fits any quota; at most 64 kB in one call.
        const pieces = Array.from({ length: Math.ceil(size / 60_000) }, () =>
          crypto.getRandomValues(new Uint8Array(60_000)).join(''),
        )
        const title = pieces.join('')
        await store.chats.put(chatId, { id: chatId, title, turns: [], createdAtMs: 1, updatedAtMs: 1 })
        const read = (await store.chats.list()).map((chat) => chat.id).sort()
        return { persistent: store.persistent, problem: store.problem, read }
      },
      [id, sizeBytes] as const,
    )
  expect(await write('small', 60_000)).toEqual({ persistent: true, problem: null, read: ['small'] })
  const full = { persistent: false, problem: 'QuotaExceededError', read: ['large', 'small'] }
  expect(await write('large', 3_000_000)).toEqual(full)
  const session = await page.evaluate(async () => {
    const { store } = window as unknown as { store: Awaited<ReturnType<typeof window.parts.openStore>> }
    const id = 'aa'.repeat(16) as never
    const envelopes = Array.from({ length: 50 }, () => crypto.getRandomValues(new Uint8Array(60_000)))
    const given = { session: id, createdAtMs: 1, envelopes, sessionKey: null, resumption: null, durationsMs: {} }
    await store.sessions.put(id, { ...given, role: 'leader', status: 'answered' })
    return (await store.sessions.get(id))?.envelopes.length
  })
  expect(session).toBe(50)
  expect(pageErrors).toEqual([])
  await page.reload()
  await ready(page)
  const stored = await page.evaluate(async () => {
    const store = await window.parts.openStore('full')
    return (await store.chats.list()).map((chat) => chat.id)
  })
  expect(stored).toEqual(['small'])
})

test('lets go of the database when another tab brings a newer version', async ({ profile }) => {
  const old = await profile.openTab()
  await old.evaluate(async () => {
    const store = await window.parts.openStore('upgraded')
    await store.putSequence('aa'.repeat(32) as never, 7)
    Object.assign(window, { store, told: new Promise((resolve) => store.onProblem(resolve)) })
  })
  const newer = await profile.openTab()
  const version = await newer.evaluate(async () => {
    const steps = Array.from({ length: 5 }, () => ({ name: 'of the future', migrate: () => undefined }))
    const { database } = await window.parts.openDatabase({ name: 'upgraded', migrations: steps })
    return [database.version, (await database.getAllKeys('sequences')).length]
  })
  expect(version).toEqual([5, 1])
  const told = await old.evaluate(() => (window as unknown as { told: Promise<string> }).told)
  expect(told).toBe('DatabaseUpgradedError')
  await old.reload()
  await ready(old)
  const problem = await old.evaluate(async () => (await window.parts.openStore('upgraded')).problem)
  expect(problem).toBe('VersionError')
})

test('works from memory where the browser blocks storage', async ({ profile }) => {
  const page = await profile.openTab()
  // A sandboxed frame has an opaque origin, which browsers give no storage: the nearest thing to "block all cookies".
  const attached = page.waitForEvent('frameattached')
  await page.evaluate(() => {
    const element = document.createElement('iframe')
    element.sandbox.add('allow-scripts')
    element.src = '/'
    document.body.append(element)
  })
  const frame = await attached
  await frame.waitForFunction(() => 'parts' in window)
  const outcome = await frame.evaluate(async () => {
    const store = await window.parts.openStore('blocked')
    await store.putSequence('aa'.repeat(32) as never, 7)
    const identity = await window.parts.keys.claim()
    return {
      persistent: [store.persistent, identity.persistent],
      problem: store.problem,
      sequence: await store.getSequence('aa'.repeat(32) as never),
    }
  })
  expect(outcome).toEqual({ persistent: [false, false], problem: 'SecurityError', sequence: 7 })
})
