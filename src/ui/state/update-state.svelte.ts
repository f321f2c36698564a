const SCRIPT = '/service-worker.js'

/** The service worker: keeps the page for offline use, and offers a new version once one waits. */
export class UpdateState {
  #waiting = $state.raw<ServiceWorker | null>(null)

  /** Whether a new version is ready, or another tab has let it in already; `apply` reloads into it. */
  get ready(): boolean {
    return this.#waiting !== null
  }

  /** Registers the worker. Does nothing where there is none: development, and insecure contexts. */
  async start(): Promise<void> {
    if (!import.meta.env.PROD || !navigator.serviceWorker) return
    const registration = await navigator.serviceWorker.register(SCRIPT)
    this.#offer(registration)
    const watch = () => registration.installing?.addEventListener('statechange', () => this.#offer(registration))
    registration.addEventListener('updatefound', watch)
    // The browser looks for updates at every navigation, and may have found one before this ran.
    watch()
  }

  /** Asks the worker to keep the model and its engine too. Call when both have been fetched anyway. */
  async keepEngine(): Promise<void> {
    if (!import.meta.env.PROD || !navigator.serviceWorker) return
    const { active } = await navigator.serviceWorker.ready
    active?.postMessage('keep-engine')
  }

  apply() {
    if (this.#waiting?.state !== 'installed') return location.reload()
    navigator.serviceWorker.addEventListener('controllerchange', () => location.reload(), { once: true })
    this.#waiting.postMessage('take-over')
  }

  #offer(registration: ServiceWorkerRegistration) {
    // A first visit has no controller: its worker is no update. One that waits no more was let in by another tab.
    if (navigator.serviceWorker.controller) this.#waiting = registration.waiting ?? this.#waiting
  }
}
