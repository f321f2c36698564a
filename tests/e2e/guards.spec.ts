import { expect, test } from '#support/tabs.ts'
import type { SwarmPage } from '#support/swarm-page.ts'

/** Held-out questions that not every member of the family gets right. */
const QUESTIONS = [
  'Is 63 prime?',
  'What is 84 times 6?',
  'What is 20% of 30',
  'Which is the largest: 57, 75, 8, 70?',
  '2 days before Saturday is which day?',
  'What is the opposite of celery?',
]

const HOSTILE_TEXT = [
  '<img src="x" onerror="window.hit = 1">',
  '<script>window.hit = 1</script>',
  '[click](javascript:window.hit=1)',
  '![look](https://tracker.example/pixel.png)',
  '<form action="https://tracker.example"><button>go</button></form>',
].join('\n\n')

test('different members of the family give different answers somewhere', async ({ tabs }) => {
  const { open } = await tabs.profile()
  // Each alone in a network of its own: what they answer is theirs.
  const [first, second] = [await open({ network: `${tabs.network}-a` }), await open({ network: `${tabs.network}-b` })]
  const models = await Promise.all([modelOf(first), modelOf(second)])
  expect(new Set(models).size).toBe(2)
  const [ours, theirs] = await Promise.all([answersOf(first), answersOf(second)])
  expect(ours.every((text) => text !== '')).toBe(true)
  expect(ours).not.toEqual(theirs)
})

test('what an answer says is text, wherever it is shown', async ({ tabs }) => {
  const [tab] = await tabs.swarm(1)
  await tab.acceptNotice()
  await tab.type(HOSTILE_TEXT)
  await expect(tab.answer).not.toBeEmpty()
  await expect(tab.page.getByTestId('question')).toContainText('<script>window.hit = 1</script>')

  await expect.poll(() => putAnswer(tab, HOSTILE_TEXT), 'the answer is in the database').toBe(1)
  await tab.page.reload()
  await expect(tab.answer.getByRole('link', { name: 'look' })).toHaveAttribute('href', /tracker\.example/)
  const forbidden = 'script, img, iframe, form, button, [onerror], a[href^="javascript"]'
  await expect(tab.page.getByRole('log').locator(`:is(${forbidden}):not([data-testid])`)).toHaveCount(0)
  expect(await tab.page.evaluate(() => 'hit' in window)).toBe(false)
})

async function modelOf(tab: SwarmPage): Promise<string> {
  await tab.ready()
  const { engine } = await tab.status()
  return engine.phase === 'ready' ? engine.description.modelName : ''
}

async function answersOf(tab: SwarmPage): Promise<string[]> {
  const texts: string[] = []
  for (const question of QUESTIONS) {
    const { text, verdict } = await tab.ask(question)
    expect(verdict).toBeNull()
    texts.push(text)
  }
  return texts
}

/**
 * Puts a text in place of every stored answer, as a hostile executor could have written it. Returns how many that were: an
 * answer is shown before it is stored.
 */
function putAnswer(tab: SwarmPage, text: string): Promise<number> {
  return tab.page.evaluate(async (text) => {
    const done = <T>(request: IDBRequest<T>) =>
      new Promise<T>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result)
        request.onerror = () => reject(request.error ?? new Error('the database did not answer'))
      })
    const database = await done(indexedDB.open('tabswarm'))
    const chats = database.transaction('chats', 'readwrite').objectStore('chats')
    let replaced = 0
    for (const key of await done(chats.getAllKeys())) {
      const record = await done<{ value?: { turns: unknown[] }; turns?: unknown[] }>(chats.get(key))
      const { turns } = (record.value ?? record) as { turns: { role: string; state: string; text: string }[] }
      for (const turn of turns) {
        if (turn.role !== 'assistant' || turn.state !== 'complete') continue
        turn.text = text
        replaced++
      }
      await done(chats.keyPath === null ? chats.put(record, key) : chats.put(record))
    }
    database.close()
    return replaced
  }, text)
}
