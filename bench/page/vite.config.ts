import { fileURLToPath } from 'node:url'
import { mergeConfig, type Plugin } from 'vite'
import page from '../../vite.config.ts'

/** The real page with two adapters looked at: what is measured is what people open, built as they get it. */

const here = (file: string) => fileURLToPath(new URL(file, import.meta.url))

/** Modules of the page and what stands for each; a stand-in itself still gets the real one. */
const STAND_INS: Readonly<Record<string, string>> = {
  '#adapters/libp2p/mesh.ts': here('./mesh.ts'),
  '#adapters/engine/worker-engine.ts': here('./engine.ts'),
}

const probed: Plugin = {
  name: 'bench:probed',
  enforce: 'pre',
  resolveId(source, importer) {
    const standIn = STAND_INS[source]
    return standIn !== undefined && importer !== standIn ? standIn : null
  },
  transform(code, id) {
    return id === here('../../src/main.ts') ? `import '${here('./probe.ts')}'\n${code}` : null
  },
}

export default mergeConfig(page, {
  plugins: [probed],
  build: { outDir: '.cache/bench-page', emptyOutDir: true, sourcemap: false },
})
