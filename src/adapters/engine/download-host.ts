import { releaseProxy, type ProxyMethods } from 'comlink'
import type { LoadProgress } from '#ports/engine.ts'

/** Bytes come in many small pieces; the window needs a picture a few times a second. */
const REPORT_INTERVAL_MS = 200

type Callback = ((progress: LoadProgress) => Promise<void> | void) & Partial<ProxyMethods>
type Download = (modelId: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal) => Promise<void>

/** The worker's side of a download. To abort it, end the worker. */
export class DownloadHost {
  readonly #download: Download
  readonly #now: () => number

  constructor(download: Download, now: () => number) {
    this.#download = download
    this.#now = now
  }

  async download(modelId: string, onProgress: Callback): Promise<void> {
    let reportedAt = -Infinity
    let last: LoadProgress | null = null
    const report = (progress: LoadProgress): void => {
      last = progress
      if (this.#now() - reportedAt < REPORT_INTERVAL_MS) return
      reportedAt = this.#now()
      void onProgress(progress)
    }
    try {
      await this.#download(modelId, report, new AbortController().signal)
      if (last) await onProgress(last)
    } finally {
      onProgress[releaseProxy]?.()
    }
  }
}
