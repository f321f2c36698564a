import { expect, test } from '@playwright/test'
import { randomModels } from '#support/random-models.ts'
import { serveTestPage } from '#support/vite-page.ts'
import config from '../../playwright.config.ts'

// Graphics in software, which compute wrongly where many tokens are read at once.
test.use({
  launchOptions: {
    ...config.use?.launchOptions,
    args: [...(config.use?.launchOptions?.args ?? []), '--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'],
  },
})

test('on a graphics device the engine writes and judges as on WASM, in chunks that it computes rightly', async ({
  page,
}) => {
  test.setTimeout(300_000)
  const server = await serveTestPage('graphics.page.html', { plugins: [randomModels()] })
  try {
    await page.goto(server.url)
    await page.waitForFunction(() => 'graphicsPage' in window)
    const wasm = await page.evaluate(() => window.graphicsPage.work('wasm'))
    expect(wasm.description?.engineClass).toContain('/wasm/')
    const graphics = await page.evaluate(() => window.graphicsPage.work('graphics'))
    expect(graphics.description?.fallback).toBeNull()
    expect(graphics.description?.engineClass).toMatch(/\/webgpu-\S+\/f32\/chunk\d+\//)
    console.log(graphics.description?.engineClass)
    expect(graphics.text).toBe(wasm.text)
    expect(graphics.quality).toBeCloseTo(wasm.quality ?? Number.NaN, 3)
  } finally {
    await server.close()
  }
})
