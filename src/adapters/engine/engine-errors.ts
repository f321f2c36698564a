import {
  ContextOverflowError,
  DeviceLostError,
  DownloadElsewhereError,
  DownloadFailedError,
  EngineCrashedError,
  LibraryMismatchError,
  ModelDamagedError,
  ModelLoadError,
  ModelMissingError,
  NoGpuError,
  NoShaderF16Error,
  OutOfMemoryError,
  StorageFullError,
  UnsupportedBrowserError,
} from '#ports/engine.ts'

const CLASSES = {
  ContextOverflowError,
  DeviceLostError,
  DownloadElsewhereError,
  DownloadFailedError,
  EngineCrashedError,
  LibraryMismatchError,
  ModelDamagedError,
  ModelLoadError,
  ModelMissingError,
  NoGpuError,
  NoShaderF16Error,
  OutOfMemoryError,
  StorageFullError,
  UnsupportedBrowserError,
} as const

const isNamed = (name: string): name is keyof typeof CLASSES => Object.hasOwn(CLASSES, name)

/** Gives an error that crossed a worker's boundary, where only name and message survive, its class again. */
export function reviveError(error: unknown): Error {
  if (!(error instanceof Error)) return new EngineCrashedError('The model stopped working.', { cause: error })
  if (error.name === 'AbortError') return new DOMException(error.message, 'AbortError')
  if (isNamed(error.name)) return new CLASSES[error.name](error.message, { cause: error })
  return error
}
