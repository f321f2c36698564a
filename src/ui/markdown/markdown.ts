import DOMPurify from 'dompurify'

const TIMEOUT_MS = 5000

const TAGS = [
  ...['p', 'br', 'hr', 'strong', 'em', 'del', 'sub', 'sup', 'code', 'pre', 'blockquote', 'a'],
  ...['ul', 'ol', 'li', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td'],
]

const purifier = DOMPurify(window)
purifier.addHook('afterSanitizeAttributes', (element) => {
  if (element.tagName === 'A') {
    element.setAttribute('target', '_blank')
    element.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  // What scrolls sideways must be reachable by keyboard.
  if (element.tagName === 'PRE' || element.tagName === 'TABLE') element.setAttribute('tabindex', '0')
})

/** HTML from anywhere, cut down to text, structure and links to the web. */
export function sanitize(html: string): DocumentFragment {
  return purifier.sanitize(html, {
    ALLOWED_TAGS: TAGS,
    ALLOWED_ATTR: ['href', 'start', 'align'],
    ALLOWED_URI_REGEXP: /^(?:https?:|mailto:)/i,
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  })
}

interface Job {
  readonly resolve: (fragment: DocumentFragment) => void
  readonly markdown: string
  readonly timer: number
}

let worker: Worker | null = null
let lastId = 0
const jobs = new Map<number, Job>()

/** Renders an answer. A text that takes the parser too long, or kills it, comes back as it is, unformatted. */
export function renderMarkdown(markdown: string): Promise<DocumentFragment> {
  const { promise, resolve } = withResolver<DocumentFragment>()
  const id = ++lastId
  jobs.set(id, { resolve, markdown, timer: window.setTimeout(giveUp, TIMEOUT_MS) })
  worker ??= startWorker()
  worker.postMessage({ id, markdown })
  return promise
}

function startWorker(): Worker {
  const started = new Worker(new URL('../../workers/markdown.worker.ts', import.meta.url), { type: 'module' })
  started.addEventListener('message', ({ data }: MessageEvent<{ id: number; html: string }>) => {
    finish(data.id, sanitize(data.html))
  })
  started.addEventListener('error', giveUp)
  return started
}

function giveUp() {
  worker?.terminate()
  worker = null
  for (const [id, { markdown }] of jobs) finish(id, plain(markdown))
}

function finish(id: number, fragment: DocumentFragment) {
  const job = jobs.get(id)
  if (!job) return
  clearTimeout(job.timer)
  jobs.delete(id)
  job.resolve(fragment)
}

function plain(text: string): DocumentFragment {
  const fragment = document.createDocumentFragment()
  const block = document.createElement('pre')
  block.tabIndex = 0
  block.textContent = text
  fragment.append(block)
  return fragment
}

function withResolver<T>() {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((resolver) => (resolve = resolver))
  return { promise, resolve }
}
