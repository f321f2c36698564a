import type { ReferenceStore } from './backends.ts'

const SCOPE = 'tabswarm-reference-logits'

/** Reference logits in the browser's cache of this site. Errors of the disk are as if nothing was kept. */
export function keptReferences(caches: Pick<CacheStorage, 'open'>): ReferenceStore {
  const urlOf = (name: string): string => `/reference-logits/${name}`
  return {
    async read(name) {
      try {
        const response = await (await caches.open(SCOPE)).match(urlOf(name))
        return response ? new Float32Array(await response.arrayBuffer()) : null
      } catch {
        return null
      }
    },
    async keep(name, logits) {
      try {
        await (await caches.open(SCOPE)).put(urlOf(name), new Response(logits))
      } catch {
        // It is computed again at the next load.
      }
    },
  }
}
