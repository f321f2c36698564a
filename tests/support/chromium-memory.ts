import { readFile } from 'node:fs/promises'
import type { Browser } from '@playwright/test'

export interface BrowserMemory {
  /** Of all processes of the browser; memory that several share counts once. */
  readonly totalMb: number
  /** Of the renderers only, divided by the tabs that are open. */
  readonly perTabMb: number
}

/** What a browser's processes hold, by the kernel's account; null where there is none (only Linux keeps one). */
export async function chromiumMemory(browser: Browser): Promise<BrowserMemory | null> {
  const session = await browser.newBrowserCDPSession()
  const { processInfo } = await session.send('SystemInfo.getProcessInfo')
  await session.detach()
  const tabs = browser.contexts().reduce((sum, context) => sum + context.pages().length, 0)
  let totalKb = 0
  let renderersKb = 0
  for (const { id, type } of processInfo) {
    const shareKb = await proportionalKb(id)
    if (shareKb === null) return null
    totalKb += shareKb
    if (type === 'renderer') renderersKb += shareKb
  }
  return { totalMb: totalKb / 1000, perTabMb: renderersKb / 1000 / Math.max(1, tabs) }
}

async function proportionalKb(pid: number): Promise<number | null> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => null)
  const pss = rollup?.match(/^Pss:\s+(\d+) kB$/m)
  return pss ? Number(pss[1]) : null
}
