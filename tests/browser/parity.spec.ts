import { expect, test } from '@playwright/test'
import type { WeightType } from '#support/gguf-weights.ts'
import type { ParityShape } from '#support/parity-shapes.ts'
import { serveTestPage } from '#support/vite-page.ts'

/** By how much log-probabilities may differ where both engines compute in single precision. */
const SINGLE = 1e-3

/**
 * And where llama.cpp computes in its own way: it rounds what it multiplies by F16 weights to halves, and what it
 * multiplies by quantised ones to 8 bits.
 */
const OWN_WAY: Readonly<Record<WeightType, number>> = { f32: SINGLE, f16: 0.05, q8_0: 0.6, q4_0: 1.2 }

let site: Awaited<ReturnType<typeof serveTestPage>>
test.beforeAll(async () => {
  site = await serveTestPage('parity.page.html')
})
test.afterAll(() => site.close())

for (const shape of ['smollm2', 'llama-3.2', 'qwen-2.5'] satisfies ParityShape[]) {
  test(`onnxruntime and llama.cpp agree on files of the shape of ${shape}`, async ({ page }) => {
    await page.goto(site.url)
    await page.waitForFunction(() => 'parityPage' in window)
    for (const weights of ['f32', 'f16', 'q8_0', 'q4_0'] as const) {
      for (const widened of weights === 'f32' ? [true] : [true, false]) {
        const found = await page.evaluate(
          ([shape, weights, widened]) => window.parityPage.compare(shape, weights, widened),
          [shape, weights, widened] as const,
        )
        console.log(`${shape} ${weights}${widened ? ' against f32' : ''}: ${JSON.stringify(found)}`)
        const tolerance = widened ? SINGLE : OWN_WAY[weights]
        for (const [wllama, onnx] of found.promptTokens) expect(onnx, 'tokens of a prompt').toBe(wllama)
        expect(found.tokens).toBeGreaterThan(100)
        expect.soft(found.difference, 'largest difference of a log-probability').toBeLessThan(tolerance)
        expect.soft(found.furthestFromTop, 'of a greedy token from the likeliest').toBeLessThan(tolerance)
        expect.soft(found.sameTop / found.tokens, 'share of equal top tokens').toBeGreaterThan(widened ? 0.99 : 0.85)
      }
    }
  })
}
