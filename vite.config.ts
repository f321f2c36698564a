import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'vite'
import { VitePWA } from 'vite-plugin-pwa'

/** Large files that the service worker keeps only once the page has used them (src/sw/service-worker.ts). */
const LARGEST_KEPT_BYTES = 40 * 1024 * 1024

export default defineConfig({
  plugins: [
    svelte(),
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'src/sw',
      filename: 'service-worker.ts',
      injectRegister: false,
      includeManifestIcons: false,
      injectManifest: {
        globPatterns: ['**/*.{html,js,css,svg,png,webmanifest,wasm,gguf,json}'],
        globIgnores: ['config.json'],
        // Named by their content (relay/static-files.ts), so the browser's own copy will do, and no update asks for another.
        dontCacheBustURLsMatching: /^assets\/|^models\/.+-[0-9a-f]{12}\.gguf$/,
        maximumFileSizeToCacheInBytes: LARGEST_KEPT_BYTES,
      },
      manifest: {
        name: 'Tabswarm',
        short_name: 'Tabswarm',
        description: 'Browser tabs that answer your question together and show how they decided.',
        start_url: '/',
        display: 'standalone',
        background_color: '#faf9f5',
        theme_color: '#faf9f5',
        icons: [
          { src: '/icons/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icons/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icons/maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
          { src: '/icons/icon.svg', sizes: 'any', type: 'image/svg+xml' },
        ],
      },
    }),
  ],
  build: {
    target: 'es2022',
    // Browsers with light-dark(), which the theme is written in.
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'],
    sourcemap: true,
    // The polyfill is an inline script, which our Content-Security-Policy refuses; every target browser preloads.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    // Errors are told apart by their class's name, across workers and in sentences to the user.
    rolldownOptions: { output: { keepNames: true } },
  },
  worker: { format: 'es', rolldownOptions: { output: { keepNames: true } } },
})
