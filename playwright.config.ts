import { existsSync } from 'node:fs'
import { defineConfig } from '@playwright/test'

/** Playwright's own browser where it is installed, else the system's (bin/browser.ts installs one if there is none). */
const system = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium'

const browser = existsSync(system) ? { executablePath: system } : {}

const args = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Tabs of one machine find each other by address; mDNS names are not resolved everywhere.
  '--disable-features=WebRtcHideLocalIpsWithMdns',
]

const GPU_ARGS = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist']

export default defineConfig({
  outputDir: 'test-results',
  forbidOnly: Boolean(process.env['CI']),
  // Real models on two slow cores: browsers side by side would only starve each other.
  workers: 1,
  timeout: 180_000,
  expect: { timeout: 60_000 },
  reporter: [['list']],
  use: {
    viewport: { width: 1280, height: 800 },
    launchOptions: { args, ...browser },
    trace: 'off',
  },
  projects: [
    { name: 'browser', testDir: 'tests/browser' },
    { name: 'e2e', testDir: 'tests/e2e' },
    // Opt-in, for a machine with a graphics device and a network: npm run test:gpu. Not named, it does not exist.
    ...(process.env['TABSWARM_GPU']
      ? [{ name: 'gpu', testDir: 'tests/gpu', use: { launchOptions: { args: [...args, ...GPU_ARGS], ...browser } } }]
      : []),
  ],
})
