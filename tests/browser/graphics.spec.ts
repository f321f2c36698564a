import { fileURLToPath } from 'node:url'
import { expect, test } from '@playwright/test'
import { createServer } from 'vite'
import { randomModels } from '#support/random-models.ts'
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
  const server = await createServer({
    root: fileURLToPath(new URL('../..', import.meta.url)),
    configFile: false,
    logLevel: 'error',
    plugins: [randomModels()],
    server: { port: 0, host: '127.0.0.1' },
    optimizeDeps: { exclude: ['@wllama/wllama', 'onnxruntime-web'] },
    worker: { format: 'es' },
  })
  try {
    await server.listen()
    await page.goto(`${server.resolvedUrls?.local[0]}tests/browser/graphics.page.html`)
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
