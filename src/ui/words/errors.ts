/** What the person can press to get on. */
export type Remedy = 'ask-again' | 'retry-engine' | 'only-this-device' | 'new-chat' | 'reload' | null

export interface ErrorWords {
  /** What happened, and what it means. One or two sentences. */
  readonly sentence: string
  readonly remedy: Remedy
}

export const REMEDY_LABELS: Record<Exclude<Remedy, null>, string> = {
  'ask-again': 'Ask again',
  'retry-engine': 'Load the model again',
  'only-this-device': 'Answer on this device only',
  'new-chat': 'Start a new chat',
  reload: 'Reload the page',
}

const WORDS: Record<string, ErrorWords> = {
  EmptyPromptError: { sentence: 'There is no question yet. Write one first.', remedy: null },
  PromptTooLongError: {
    sentence: 'This question and the chat before it are too long to send. Shorten the question, or start afresh.',
    remedy: 'new-chat',
  },
  ContextOverflowError: {
    sentence: 'The question alone is longer than the model can read. Shorten it and ask again.',
    remedy: null,
  },
  NoEngineError: {
    sentence: 'No model is ready in this tab, and no other tab could answer.',
    remedy: 'retry-engine',
  },
  ModelLoadError: {
    sentence:
      'The model did not load: its file is missing, damaged, or not supported here. Other tabs can still answer.',
    remedy: 'retry-engine',
  },
  NoGpuError: {
    sentence: 'This browser offers no graphics device to pages (WebGPU), so no model can run on it.',
    remedy: null,
  },
  WebGpuUnsoundError: {
    sentence: 'The graphics device here computes something else than the model, so the processor does the work.',
    remedy: null,
  },
  WebGpuFailedError: {
    sentence: 'The model does not start on the graphics device here, so the processor does the work.',
    remedy: null,
  },
  NoShaderF16Error: {
    sentence: 'The graphics device here cannot compute in 16-bit floats. Choose a model that does without them.',
    remedy: null,
  },
  DeviceLostError: {
    sentence:
      'The graphics device gave up while the model was loaded, mostly for want of memory. Choose a smaller one.',
    remedy: null,
  },
  LoadBrokeOffError: {
    sentence:
      'The page broke off while it loaded this model the last time, mostly for want of memory. The embedded model answers.',
    remedy: null,
  },
  LibraryMismatchError: {
    sentence: 'The model’s program does not fit this version of the page. Choose another model, or reload the page.',
    remedy: 'reload',
  },
  OutOfMemoryError: {
    sentence:
      'The model does not fit into the memory that a page may have here. Close other pages, or choose a smaller one.',
    remedy: null,
  },
  UnsupportedBrowserError: {
    sentence:
      'This browser cannot run models on the processor: its WebAssembly lacks vector instructions (SIMD) or 64-bit memory. A newer browser can.',
    remedy: null,
  },
  DownloadElsewhereError: {
    sentence: 'Another tab of this browser is downloading this model. Wait for it, then use it here.',
    remedy: null,
  },
  StorageFullError: {
    sentence: 'There is not enough room on this device for the model. Free some, or choose a smaller one.',
    remedy: null,
  },
  ModelMissingError: { sentence: 'The model’s host does not have it any more. Choose another one.', remedy: null },
  ModelDamagedError: {
    sentence: 'A file of the model is not what it should be. Remove the model, and download it again.',
    remedy: null,
  },
  DownloadFailedError: {
    sentence:
      'The connection to the model’s host failed. What has arrived is kept. It goes on by itself when the network is back, or try again now.',
    remedy: null,
  },
  EngineCrashedError: {
    sentence: 'The model stopped while it was working. It has been started again; nothing else is lost.',
    remedy: 'ask-again',
  },
  SessionFailedError: {
    sentence: 'The tabs that took the question left before they answered.',
    remedy: 'ask-again',
  },
  TooManyQuestionsError: {
    sentence: 'Too many of your questions wait already. Ask again when one of them is answered.',
    remedy: 'ask-again',
  },
  EngineBusyError: { sentence: 'Too much waits for the model in this tab.', remedy: 'ask-again' },
  InterruptedError: {
    sentence: 'This page was closed before the answer came. The question is still here.',
    remedy: 'ask-again',
  },
  UnreachableError: {
    sentence: 'No other tab can be reached now. We keep trying; this device can answer meanwhile.',
    remedy: 'only-this-device',
  },
  TimeoutError: { sentence: 'Nobody answered in time.', remedy: 'ask-again' },
  StreamClosedError: { sentence: 'The link to another tab broke while it was in use.', remedy: 'ask-again' },
  QuotaExceededError: {
    sentence: 'The disk space for this site is full. New chats are kept in memory only, until this tab closes.',
    remedy: null,
  },
  SecurityError: {
    sentence: 'The browser blocks storage for this site. Chats are kept in memory only, until this tab closes.',
    remedy: null,
  },
  InvalidStateError: {
    sentence: 'Storage is off, as in a private window. Chats are kept in memory only, until this tab closes.',
    remedy: null,
  },
  ConfigUnavailableError: {
    sentence: 'The relay did not say how to join the swarm. Check the connection.',
    remedy: 'reload',
  },
}

/** An error's name in words. Unknown names are shown, so that a report can quote them. */
export function errorWords(name: string): ErrorWords {
  return (
    WORDS[name] ?? { sentence: `Something failed that we have no better words for (${name}).`, remedy: 'ask-again' }
  )
}

/** The name that `errorWords` reads, of anything thrown. */
export function errorName(error: unknown): string {
  return error instanceof Error || error instanceof DOMException ? error.name : 'UnknownError'
}

/** A storage problem always means the same for the person. */
export function storageWords(name: string): string {
  return (
    WORDS[name]?.sentence ??
    `Storage does not work here (${name}). Chats are kept in memory only, until this tab closes.`
  )
}
