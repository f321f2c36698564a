import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { ACCEPTED, fake, watch, type HarnessScene } from './ui-page.ts'
import { serveInterface } from './ui-server.ts'

let server: Awaited<ReturnType<typeof serveInterface>>
test.beforeAll(async () => {
  server = await serveInterface()
})
test.afterAll(() => server.close())

const QUESTION = 'Why do starlings turn together?'

async function open(page: Page, scene: HarnessScene) {
  await page.goto(`${server.url}#${encodeURIComponent(JSON.stringify(scene))}`)
  await expect(page.getByTestId('composer')).toBeVisible()
}

async function ask(page: Page, question = QUESTION) {
  await page.getByTestId('composer').fill(question)
  await page.keyboard.press('Enter')
}

test.describe('asking', () => {
  test('shows the verdict’s answer, its seal and how the swarm decided', async ({ page }) => {
    const offences = watch(page)
    await open(page, { peers: 7, relayedPeers: 2, lateVerifier: true, ...ACCEPTED })
    await expect(page.getByTestId('peers-count')).toHaveText('8 tabs')
    await expect(page.getByTestId('link-state')).toHaveText('5 direct, 2 relayed')
    await expect(page.getByTestId('engine-state')).toContainText('starling-4m')
    await expect(page.getByTestId('composer')).toBeFocused()

    await ask(page)
    await expect(page.getByTestId('answer').locator('strong')).toHaveText('together')
    await expect(page.getByTestId('answer').locator('li')).toHaveCount(3)
    await expect(page.getByTestId('provenance')).toContainText('3 answered, 4 judged, won by 0.80 to 0.62, 1.2 s')
    await expect(page.getByText('Another answer won')).toBeVisible()
    await expect(page.getByTestId('seal')).toHaveAttribute('aria-label', /3 tabs to answer; a judge gave 0\.\d\d/)

    await page.getByTestId('provenance').click()
    const details = page.getByTestId('details')
    await expect(details).toContainText('Independent')
    await expect(details.locator('thead th[scope=col]')).toHaveCount(7)
    await expect(details.locator('tbody th[scope=row]').first()).toContainText('won')
    await expect(details).toContainText('late, left out')
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByTestId('download-transcript').click(),
    ])
    expect(download.suggestedFilename()).toMatch(/^tabswarm-.*\.cbor$/)
    expect(offences).toEqual([])
  })

  test('tells the person first that others read along, and keeps the question meanwhile', async ({ page }) => {
    await open(page, { peers: 2 })
    await ask(page)
    await expect(page.getByTestId('notice-accept')).toBeFocused()
    await expect(page.getByTestId('question')).toHaveCount(0)
    expect(await fake(page, (facade) => facade.asked.length)).toBe(0)
    await page.keyboard.press('Enter')
    await expect(page.getByTestId('answer')).toContainText('seven')
    expect(await fake(page, (facade) => facade.asked.length)).toBe(1)
  })

  test('answers on this device only when told so', async ({ page }) => {
    await open(page, { peers: 3 })
    await page.getByTestId('notice-only-this-device').click()
    await expect(page.getByTestId('only-this-device')).toHaveAttribute('aria-checked', 'true')
    await ask(page)
    await expect(page.getByTestId('provenance')).toContainText('Not verified: no other tab')
  })

  test('sends the conversation, and a second answer below the first', async ({ page }) => {
    await open(page, { peers: 2, ...ACCEPTED })
    await ask(page)
    await expect(page.getByTestId('answer')).toHaveCount(1)
    await ask(page, 'And at night?')
    await expect(page.getByTestId('answer')).toHaveCount(2)
    const roles = await fake(page, (facade) => facade.asked[1]?.map(({ role }) => role))
    expect(roles).toEqual(['user', 'assistant', 'user'])
  })

  test('says so when only own tabs judged', async ({ page }) => {
    await open(page, { peers: 2, ownPeers: 2, ...ACCEPTED })
    await ask(page)
    await expect(page.getByTestId('provenance')).toContainText('Not independent: your own tabs judged this.')
  })
})

test.describe('stopping and keeping', () => {
  test('Escape stops and keeps the draft', async ({ page }) => {
    await open(page, { peers: 5, holdAt: 'verify', ...ACCEPTED })
    await ask(page)
    await expect(page.getByTestId('draft')).toContainText('strongest bird')
    await expect(page.getByTestId('stop')).toBeVisible()
    await page.keyboard.press('Escape')
    await expect(page.getByTestId('answer')).toContainText('strongest bird')
    await expect(page.getByTestId('provenance')).toContainText('Stopped')
    await expect(page.getByTestId('send')).toBeVisible()
  })

  test('the stop button stops before anything arrived', async ({ page }) => {
    await open(page, { peers: 5, holdAt: 'advertise', ...ACCEPTED })
    await ask(page)
    await page.getByTestId('stop').click()
    await expect(page.getByText('Stopped').first()).toBeVisible()
  })

  test('a reload in the middle of a session shows the finished answer', async ({ page }) => {
    await open(page, { peers: 4, persist: true, holdAt: 'verify', ...ACCEPTED })
    await ask(page)
    await expect(page.getByTestId('draft')).not.toBeEmpty()
    await page.reload()
    await expect(page.getByTestId('question')).toHaveText(QUESTION)
    await expect(page.getByTestId('stop')).toBeVisible()
    await expect(page.getByTestId('provenance')).toContainText('0 of 2 judged')
    await fake(page, (facade) => facade.release())
    await expect(page.getByTestId('answer')).toContainText('seven')
    await page.reload()
    await expect(page.getByTestId('answer')).toContainText('seven')
    await expect(page.getByTestId('provenance')).toContainText('2 judged')
  })

  test('keeps chats and the unsent question; deletes with undo', async ({ page }) => {
    await open(page, { peers: 2, persist: true, ...ACCEPTED })
    await ask(page, 'First')
    await expect(page.getByTestId('answer')).toBeVisible()
    await page.getByTestId('new-chat').click()
    await expect(page.getByTestId('composer')).toBeFocused()
    await ask(page, 'Second')
    await expect(page.getByTestId('answer')).toBeVisible()
    await page.getByTestId('composer').fill('half a thou')
    await page.reload()
    await expect(page.getByTestId('composer')).toHaveValue('half a thou')
    const list = page.getByTestId('chat-list')
    await expect(list.getByRole('listitem')).toHaveCount(2)
    await list.getByRole('button', { name: 'First', exact: true }).click()
    await expect(page.getByTestId('question')).toHaveText('First')
    await expect(page.getByTestId('composer')).toHaveValue('')
    await list.getByRole('button', { name: 'Delete “First”' }).click()
    await expect(list.getByRole('listitem')).toHaveCount(1)
    await page.getByRole('button', { name: 'Undo' }).click()
    await expect(list.getByRole('listitem')).toHaveCount(2)
  })

  test('Shift+Enter makes a line, and the field grows', async ({ page }) => {
    await open(page, { peers: 1, ...ACCEPTED })
    const composer = page.getByTestId('composer')
    const before = await composer.boundingBox()
    await composer.fill('one')
    for (const line of ['two', 'three']) {
      await page.keyboard.press('Shift+Enter')
      await page.keyboard.type(line)
    }
    await expect(composer).toHaveValue('one\ntwo\nthree')
    expect((await composer.boundingBox())?.height).toBeGreaterThan((before?.height ?? 0) + 30)
  })
})

test.describe('hostile text', () => {
  const ATTACKS = [
    '<script>window.hit = 1</script>',
    '<img src=x onerror="window.hit = 1">',
    '<svg onload="window.hit = 1"><a href="javascript:window.hit=1">x</a></svg>',
    '[click](javascript:window.hit=1)',
    '[data](data:text/html,<script>window.hit=1</script>)',
    '<a href="jav&#x09;ascript:window.hit=1">tab</a>',
    '![look](https://tracker.example/pixel.png)',
    '![a"onerror="window.hit=1](x" onerror="window.hit=1)',
    '<iframe srcdoc="<script>parent.hit=1</script>"></iframe>',
    '<form action="https://tracker.example"><input name=q><button>go</button></form>',
    '<style>*{display:none}</style>',
    '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.hit=1&gt;">',
    '<div id="app" class="button" style="position:fixed;inset:0">over</div>',
    '[safe](https://example.org/page "title")',
    '```html\n<script>window.hit = 1</script>\n```',
  ]

  test('is shown, never run', async ({ page }) => {
    const offences = watch(page)
    await open(page, { peers: 2, answers: [ATTACKS.join('\n\n'), ATTACKS.join('\n\n')], ...ACCEPTED })
    await ask(page)
    const answer = page.getByTestId('answer')
    const safe = answer.getByRole('link', { name: 'safe' })
    await expect(safe).toHaveAttribute('rel', 'noopener noreferrer nofollow')
    await expect(safe).toHaveAttribute('target', '_blank')
    await expect(answer.getByRole('link', { name: 'look' })).toHaveAttribute('href', /tracker\.example/)
    await expect(answer.locator('pre code')).toContainText('<script>window.hit = 1</script>')
    const forbidden = 'script, img, svg, iframe, form, input, button, style, math, [id], [style], [onerror], [onload]'
    await expect(answer.locator(`.prose :is(${forbidden})`)).toHaveCount(0)
    const links = await answer
      .locator('a[href]')
      .evaluateAll((all) => all.map((a) => (a as HTMLAnchorElement).protocol))
    expect(links.every((protocol) => protocol === 'https:')).toBe(true)
    expect(await page.evaluate(() => 'hit' in window)).toBe(false)
    expect(offences).toEqual([])
  })
})

test.describe('when something is wrong', () => {
  test('an error is a sentence with an action', async ({ page }) => {
    await open(page, { peers: 3, fails: 'SessionFailedError', ...ACCEPTED })
    await ask(page)
    const error = page.getByTestId('error')
    await expect(error).toContainText('The tabs that took the question left before they answered.')
    await error.getByRole('button', { name: 'Ask again' }).click()
    await expect.poll(() => fake(page, (facade) => facade.asked.length)).toBe(2)
    await expect(page.getByTestId('question')).toHaveCount(1)
  })

  test('a node that cannot start, an insecure page, and storage that forgets are told', async ({ page }) => {
    await open(page, { startFails: 'ConfigUnavailableError' })
    await expect(page.getByTestId('error')).toContainText('The relay did not say how to join')
    await open(page, { peers: 1, secureContext: false, storageProblem: 'SecurityError' })
    await page.reload()
    await expect(page.getByTestId('insecure')).toContainText('plain HTTP')
    await expect(page.getByTestId('storage-problem')).toContainText('kept in memory only')
  })

  test('who answers is told, and an example is asked with one click', async ({ page }) => {
    await open(page, { peers: 2, ...ACCEPTED })
    await expect(page.getByRole('main')).toContainText('Starling answers here')
    await page.getByTestId('example').nth(1).click()
    await expect(page.getByTestId('question')).toHaveText('What is the capital of France?')
    await expect(page.getByTestId('answer')).not.toBeEmpty()
    await expect(page.getByTestId('example')).toHaveCount(0)
  })

  test('an empty swarm offers a link and another tab', async ({ page }) => {
    await open(page, { peers: 0, ...ACCEPTED })
    const invite = page.getByRole('main')
    await expect(invite.getByTestId('copy-link')).toBeVisible()
    const [tab] = await Promise.all([page.context().waitForEvent('page'), invite.getByTestId('open-tab').click()])
    expect(new URL(tab.url()).pathname).toBe('/tests/browser/ui-harness.html')
  })
})

for (const colorScheme of ['light', 'dark'] as const) {
  test(`no accessibility finding, ${colorScheme}`, async ({ page }) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    const check = async () => {
      const { violations } = await new AxeBuilder({ page }).analyze()
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)).toEqual([])
    }
    await open(page, { peers: 6, ownPeers: 1, relayedPeers: 1, lateVerifier: true })
    await check()
    await page.getByTestId('notice-accept').click()
    await ask(page)
    await page.getByTestId('provenance').click()
    await expect(page.getByTestId('download-transcript')).toBeVisible()
    await check()
    await open(page, { peers: 0, fails: 'ModelLoadError', storageProblem: 'QuotaExceededError', ...ACCEPTED })
    await page.reload()
    await ask(page)
    await expect(page.getByTestId('error')).toBeVisible()
    await check()
  })
}

test.describe('on a phone', () => {
  test.use({ viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true })

  test('one column with a bottom bar, nothing wider than the screen', async ({ page }) => {
    await open(page, { peers: 7, ...ACCEPTED })
    await ask(page)
    await page.getByTestId('provenance').click()
    await expect(page.getByTestId('details')).toBeVisible()
    const width = () => page.evaluate(() => document.scrollingElement?.scrollWidth)
    expect(await width()).toBe(390)
    await page.getByRole('button', { name: 'Swarm', exact: true }).click()
    await expect(page.getByTestId('peer-list').getByRole('listitem')).toHaveCount(7)
    await page.getByRole('button', { name: 'You', exact: true }).click()
    await page.getByTestId('contribute').click()
    await expect(page.getByTestId('contribute')).toHaveAttribute('aria-checked', 'false')
    expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id)).toEqual([])
    await page.getByRole('button', { name: 'Conversations' }).click()
    await expect(page.getByTestId('chat-list').getByRole('listitem')).toHaveCount(1)
    const size = await page.evaluate(() => getComputedStyle(document.body).fontSize)
    expect(size).toBe('16px')
  })
})

test('a chosen theme stands before the first paint', async ({ page }) => {
  await open(page, { peers: 1, persist: true, ...ACCEPTED })
  await page.getByRole('radio', { name: 'Dusk' }).check()
  const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
  await expect.poll(ground).toBe('rgb(18, 19, 26)')
  await page.route('**/*.js', (route) =>
    route.request().url().endsWith('theme.js') ? route.continue() : route.abort(),
  )
  await page.reload()
  expect(await ground()).toBe('rgb(18, 19, 26)')
})
