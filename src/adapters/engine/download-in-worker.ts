import { proxy, releaseProxy, wrap } from 'comlink'
import type { LoadProgress } from '#ports/engine.ts'
import type { DownloadHost } from './download-host.ts'
import { reviveError } from './engine-errors.ts'
import type { EngineWorker } from './worker-engine.ts'

/** Where a site keeps things. Undefined parts: a browser that does not say. */
export type SiteStorage = Partial<Pick<StorageManager, 'estimate' | 'persist'>>

/** What the site may still keep; null where the browser does not say. */
export async function freeDiskBytes(storage: SiteStorage | undefined): Promise<number | null> {
  const estimate = await storage?.estimate?.().catch(() => undefined)
  return estimate?.quota === undefined ? null : Math.max(0, estimate.quota - (estimate.usage ?? 0))
}

/** The window's side of a download, which a `DownloadHost` in a worker of its own does. */
export async function downloadInWorker(
  spawn: () => EngineWorker,
  storage: SiteStorage | undefined,
  modelId: string,
  onProgress: (progress: LoadProgress) => void,
  signal: AbortSignal,
): Promise<void> {
  signal.throwIfAborted()
  // So that the browser does not drop a gigabyte that somebody waited for; it may say no.
  await storage?.persist?.().catch(() => false)
  const worker = spawn()
  const host = wrap<DownloadHost>(worker.endpoint)
  try {
    await new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
      worker.onFailure((reason) => reject(new Error(String(reason))))
      host.download(modelId, proxy(onProgress)).then(resolve, reject)
    })
  } catch (error) {
    throw signal.aborted ? signal.reason : reviveError(error)
  } finally {
    host[releaseProxy]()
    // What is not whole counts for nothing, so it may be ended in the middle.
    worker.terminate()
  }
}
