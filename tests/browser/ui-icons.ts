import { readFile } from 'node:fs/promises'
import { chromium } from '@playwright/test'

/** Draws public/icons/icon.svg into the PNG icons of the manifest. Run it after changing the drawing. */
const folder = new URL('../../public/icons/', import.meta.url)
const svg = await readFile(new URL('icon.svg', folder), 'utf8')
// A maskable icon fills its square, and keeps what matters within the middle 80 %.
const maskable = svg
  .replace('rx="112"', '')
  .replace('viewBox="0 0 512 512"', 'viewBox="-51 -51 614 614" style="background:#12131a"')

const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
})
for (const [name, size, drawing] of [
  ['icon-192.png', 192, svg],
  ['icon-512.png', 512, svg],
  ['maskable-512.png', 512, maskable],
] as const) {
  const page = await browser.newPage({ viewport: { width: size, height: size } })
  await page.setContent(`<style>body{margin:0}svg{display:block}</style>${drawing}`)
  await page.screenshot({ path: new URL(name, folder).pathname, omitBackground: true })
  await page.close()
}
await browser.close()
