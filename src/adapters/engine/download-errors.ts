import { DownloadFailedError, ModelLoadError, ModelMissingError, StorageFullError } from '#ports/engine.ts'

/** Of a host that wants an account first (401, 403) a page gets as little as of one that has no such file. */
const NOT_TO_BE_HAD = [401, 403, 404, 410]

/** Throws `ModelMissingError` and `DownloadFailedError`. */
export function requireBody(response: Response, url: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  if (NOT_TO_BE_HAD.includes(response.status)) throw new ModelMissingError(`${url}: HTTP ${response.status}`)
  if (!response.ok || !response.body) throw new DownloadFailedError(`${url}: HTTP ${response.status}`)
  return response.body
}

/** What made a download fail, as one of the `ModelLoadError` family. */
export function namedDownloadError(error: unknown, modelId: string): Error {
  if (error instanceof ModelLoadError) return error
  if (error instanceof Error && error.name === 'QuotaExceededError') {
    return new StorageFullError(`There is no room for the model "${modelId}".`, { cause: error })
  }
  return new DownloadFailedError(`The download of the model "${modelId}" failed.`, { cause: error })
}
