import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [svelte()],
  test: {
    projects: [
      { extends: true, test: { name: 'unit', include: ['tests/unit/**/*.test.ts', 'tests/golden/**/*.test.ts'] } },
      {
        extends: true,
        test: {
          name: 'contract',
          include: ['tests/contract/**/*.test.ts', 'relay/**/*.test.ts'],
          testTimeout: 120_000,
        },
      },
      { extends: true, test: { name: 'sim', include: ['tests/sim/**/*.test.ts'], testTimeout: 600_000 } },
    ],
  },
})
