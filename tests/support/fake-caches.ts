import type { CacheStore } from '#adapters/engine/model-cache.ts'

/** The Cache API in memory. `quotaBytes` may be lowered at any time, and a file taken away as a browser would. */
export class FakeCaches implements CacheStore {
  readonly files = new Map<string, Map<string, Uint8Array<ArrayBuffer>>>()
  quotaBytes = Infinity

  get usedBytes(): number {
    return [...this.files.values()].flatMap((scope) => [...scope.values()]).reduce((sum, { length }) => sum + length, 0)
  }

  open(name: string) {
    const files = this.files.get(name) ?? new Map<string, Uint8Array<ArrayBuffer>>()
    this.files.set(name, files)
    const urlOf = (request: RequestInfo | URL): string => (request instanceof Request ? request.url : String(request))
    return Promise.resolve({
      match: async (request: RequestInfo | URL) => {
        const bytes = files.get(urlOf(request))
        return bytes && new Response(bytes)
      },
      put: async (request: RequestInfo | URL, response: Response) => {
        const bytes = new Uint8Array(await response.arrayBuffer())
        if (this.usedBytes + bytes.length > this.quotaBytes) throw new DOMException('full', 'QuotaExceededError')
        files.set(urlOf(request), bytes)
      },
      delete: async (request: RequestInfo | URL) => files.delete(urlOf(request)),
      keys: async () => [...files.keys()].map((url) => new Request(url)),
      // What web-llm itself uses beyond that.
      add: () => Promise.reject(new Error('web-llm wanted to fetch a file by itself')),
    })
  }
}
