import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chromium } from '@playwright/test'

/** Finds a Chromium for the browser tests, and installs one where there is none. */

const SYSTEM_PATHS = [
  process.env['CHROMIUM_PATH'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** The path of a Chromium that is here; null where none is. */
export function findBrowser(): string | null {
  return [chromium.executablePath(), ...SYSTEM_PATHS].find((path) => path !== undefined && existsSync(path)) ?? null
}

const INSTALLERS: readonly { readonly name: string; readonly commands: readonly (readonly string[])[] }[] = [
  { name: "Playwright's browser", commands: [['npx', 'playwright', 'install', '--with-deps', 'chromium']] },
  { name: "Playwright's browser", commands: [['npx', 'playwright', 'install', 'chromium']] },
  {
    name: "Debian's chromium",
    commands: [
      ['apt-get', 'update'],
      ['apt-get', 'install', '-y', 'chromium'],
    ],
  },
]

/** A download that does not come is given up after this long. */
const INSTALL_TIMEOUT_MS = 5 * 60_000

/** Installs a Chromium by the first way that works here; null where none does. */
export function installBrowser(): string | null {
  for (const { name, commands } of INSTALLERS) {
    console.log(`No Chromium here; trying ${name} …`)
    const done = commands.every(([command = '', ...args]) => {
      const { status } = spawnSync(command, args, { stdio: 'inherit', timeout: INSTALL_TIMEOUT_MS })
      return status === 0
    })
    const path = done ? findBrowser() : null
    if (path) return path
  }
  return null
}
