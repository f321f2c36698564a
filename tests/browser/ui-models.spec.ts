import AxeBuilder from '@axe-core/playwright'
import { expect, test, type Page } from '@playwright/test'
import { ACCEPTED, fake, watch, type HarnessScene } from './ui-page.ts'
import { serveInterface } from './ui-server.ts'

let server: Awaited<ReturnType<typeof serveInterface>>
test.beforeAll(async () => {
  server = await serveInterface()
})
test.afterAll(() => server.close())

async function open(page: Page, scene: HarnessScene) {
  await page.goto(`${server.url}#${encodeURIComponent(JSON.stringify(scene))}`)
  await expect(page.getByTestId('composer')).toBeVisible()
}

test.describe('a larger model', () => {
  const offer = (id: string, change: object = {}) => ({
    id,
    name: `Model ${id}`,
    licence: 'Apache-2.0',
    tier: 3,
    runsOn: 'graphics' as const,
    contextTokens: 4096,
    downloadBytes: 695e6,
    memoryBytes: 920e6,
    hosts: ['huggingface.co', 'raw.githubusercontent.com'],
    fit: 'good' as const,
    downloaded: false,
    keptBytes: 0,
    ...change,
  })
  const models = {
    problem: null,
    offers: [offer('a'), offer('b'), offer('c', { fit: 'little-memory' as const })],
    recommended: 'b',
    chosen: null,
    activity: { phase: 'none' as const },
  }

  test('is suggested with what it costs, downloaded on a yes, shows its pace, and can be cancelled', async ({
    page,
  }) => {
    const offences = watch(page)
    await open(page, { ...ACCEPTED, models })
    const panel = page.getByTestId('larger-models')
    await expect(panel).toContainText('Model b, fits this device')
    for (const part of ['about 695.0 MB', '920.0 MB', 'Apache-2.0', 'huggingface.co'])
      await expect(panel).toContainText(part)
    await expect(page.getByTestId('larger-pick').locator('option')).toHaveCount(2)
    await page.getByTestId('larger-pick').selectOption('a')
    await expect(panel).toContainText('Model a')
    await page.getByTestId('larger-pick').selectOption('b')
    expect((await new AxeBuilder({ page }).include('[data-testid=larger-models]').analyze()).violations).toEqual([])

    await page.getByTestId('larger-download').click()
    await fake(page, (facade) =>
      facade.models.set({
        activity: { phase: 'downloading', modelId: 'b', progress: { loadedBytes: 70e6, totalBytes: 700e6 } },
      }),
    )
    await expect(page.getByTestId('larger-pace')).toContainText('70.0 MB of 700.0 MB')
    await expect(panel.getByRole('progressbar')).toHaveAttribute('max', '700000000')
    await page.getByTestId('larger-cancel').click()
    await expect(panel).toHaveAttribute('data-phase', 'none')
    expect(offences).toEqual([])
  })

  test('says what failed, who holds one, and gives its room back', async ({ page }) => {
    await open(page, { ...ACCEPTED, models })
    const panel = page.getByTestId('larger-models')
    await fake(page, (facade) =>
      facade.models.set({ activity: { phase: 'failed', modelId: 'b', error: 'StorageFullError' } }),
    )
    await expect(panel.getByRole('alert')).toContainText('not enough room')
    await expect(page.getByTestId('larger-download')).toHaveText('Try again')
    await fake(page, (facade) => facade.models.set({ activity: { phase: 'elsewhere', modelId: 'b' } }))
    await expect(panel).toContainText('Another tab of this browser')
    await fake(page, (facade) =>
      facade.models.set({
        activity: { phase: 'in-use', modelId: 'b' },
        offers: (facade.models.status?.offers ?? []).map((each) => ({ ...each, downloaded: true })),
      }),
    )
    await expect(panel).toContainText('This tab answers with it.')
    await page.getByTestId('larger-remove').click()
    await expect(page.getByTestId('larger-download')).toHaveText('Download')
  })

  test('says why the processor works although there is a graphics device', async ({ page }) => {
    await open(page, { ...ACCEPTED, fallback: 'WebGpuUnsoundError' })
    await expect(page.getByTestId('fallback')).toContainText('something else than the model')
  })

  test('runs on the processor without a graphics device, and goes back to the small one', async ({ page }) => {
    const slow = { runsOn: 'processor' as const, downloadBytes: 491e6, keptBytes: 120e6 }
    await open(page, { ...ACCEPTED, models: { ...models, offers: [offer('p', slow), offer('q', slow)], chosen: 'p' } })
    const panel = page.getByTestId('larger-models')
    for (const words of ['slow: on the processor', '120.0 MB of 491.0 MB are here', 'no graphics device', 'Go on'])
      await expect(panel).toContainText(words)
    await fake(page, (facade) => facade.models.set({ activity: { phase: 'in-use', modelId: 'p' } }))
    await page.getByTestId('larger-leave').click()
    await expect(panel).toHaveAttribute('data-phase', 'none')
    await fake(page, (facade) => facade.models.set({ problem: 'NoGpuError', offers: [] }))
    await expect(page.getByTestId('larger-download')).toHaveCount(0)
  })
})
