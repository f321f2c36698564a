import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { addLargerModel, LARGER } from '#support/mixed-models.ts'
import { createPageVersions } from '#support/page-versions.ts'
import { startRelayProcess } from '#support/relay-process.ts'
import { replayFile } from '#support/tabs-transcript.ts'
import { expect, test, together } from '#support/tabs.ts'

/** Tabs with embedded models and one with a model of another shape and a higher tier, all computing for real. */

test('ROLE-8, VER-4: a larger model answers among embedded ones, and the page says that a smaller one judged', async ({
  tabs,
  relay: _built,
}) => {
  const page = await createPageVersions('dist')
  const members = await addLargerModel(page.folder)
  const relay = await startRelayProcess({ network: 'main', staticDir: page.folder })
  try {
    const { open } = await tabs.profile()
    const swarm = []
    for (const member of members) {
      const tab = await open({ relay })
      await tab.ready()
      expect(await tab.status()).toMatchObject({ engine: { description: { modelId: member } } })
      swarm.push(tab)
    }
    await together(swarm)
    const [first, ...others] = swarm
    if (!first) throw new Error('no tab was opened')

    await first.page.bringToFront()
    await first.type('What is the capital of Portugal?')
    await first.page.keyboard.press('Enter')
    await expect(first.answer).not.toBeEmpty({ timeout: 120_000 })
    await expect(first.provenance).toContainText(/2 (answered|gave the same answer), 1 judged/)
    await first.provenance.click()
    await expect(first.details).toContainText('Judged by smaller models than the largest one that answered.')
    for (const member of members) await expect(first.details).toContainText(member)
    await expect(first.details.locator('.answers')).toContainText(LARGER)

    const [download] = await Promise.all([
      first.page.waitForEvent('download'),
      first.page.getByTestId('download-transcript').click(),
    ])
    const file = await download.path()
    // As `npm run verify -- FILE`; rejects where the exit status is not 0.
    const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', 'bin/verify.ts', file])
    expect(stdout).toMatch(/Session .* holds\./)
    expect(stdout).toMatch(/Doubts: .*lower-tier-judge/)
    const report = await replayFile(new Uint8Array(await readFile(file)))
    const { session } = report
    if (session === null) throw new Error('the transcript names no session')

    // One verdict everywhere: each tab's own record replays to it.
    for (const tab of others) {
      await tab.rests()
      const theirs = await replayFile(await tab.transcript(session))
      expect(theirs.ok).toBe(true)
      expect(theirs.verdict).toEqual(report.verdict)
    }
  } finally {
    await relay.dispose()
    await page.remove()
  }
})
