import type { Settings } from '#ports/store.ts'
import type { PeerView, SwarmFacade, SwarmStatus } from '#shell/facade.ts'
import { errorName } from '../words/errors.ts'

const DEFAULTS: Settings = {
  onlyThisDevice: false,
  contribute: true,
  theme: 'system',
  noticeAccepted: false,
  chosenModel: null,
}
const THEME_KEY = 'tabswarm:theme'

/** `starting` until the node is up; then the mesh's phase, told by the links there are. */
export type LinkState = 'starting' | 'offline' | 'connecting' | 'alone' | 'direct' | 'relayed' | 'mixed'

/** The node as the interface sees it: empty while it comes up, then kept in step with the facade. */
export class SwarmState {
  #facade = $state.raw<SwarmFacade | null>(null)
  #status = $state.raw<SwarmStatus | null>(null)
  #peers = $state.raw<readonly PeerView[]>([])
  #failure = $state<string | null>(null)
  /** Changes made here that the facade has not confirmed yet. */
  #pending = $state.raw<Partial<Settings>>({})
  readonly #ready: Promise<SwarmFacade>

  constructor(facade: SwarmFacade | Promise<SwarmFacade>) {
    this.#ready = Promise.resolve(facade)
    this.#ready.then(
      (node) => this.#attach(node),
      (error: unknown) => (this.#failure = errorName(error)),
    )
  }

  /** Resolves when the node is up; rejects when it cannot start. */
  get ready(): Promise<SwarmFacade> {
    return this.#ready
  }
  get status(): SwarmStatus | null {
    return this.#status
  }
  get peers(): readonly PeerView[] {
    return this.#peers
  }
  /** Why the node could not start, as an error name. */
  get failure(): string | null {
    return this.#failure
  }
  get settings(): Settings {
    return { ...DEFAULTS, ...this.#status?.settings, ...this.#pending }
  }
  get secureContext(): boolean {
    return this.#status?.secureContext ?? window.isSecureContext
  }
  get direct(): number {
    return this.#peers.filter((peer) => peer.link?.kind === 'direct').length
  }
  get relayed(): number {
    return this.#peers.filter((peer) => peer.link?.kind === 'relayed').length
  }
  get linkState(): LinkState {
    if (!this.#status) return this.#failure ? 'offline' : 'starting'
    if (this.#peers.length === 0) {
      const { phase } = this.#status.mesh
      return phase === 'connected' ? 'alone' : phase
    }
    if (this.relayed === 0) return this.direct === 0 ? 'connecting' : 'direct'
    return this.direct === 0 ? 'relayed' : 'mixed'
  }

  async changeSettings(change: Partial<Settings>): Promise<void> {
    this.#pending = { ...this.#pending, ...change }
    if (change.theme) keepTheme(change.theme)
    const node = await this.#ready
    try {
      await node.changeSettings(change)
    } finally {
      this.#pending = {}
      this.#status = node.status()
    }
  }

  async retryEngine(): Promise<void> {
    const node = await this.#ready
    await node.retryEngine()
  }

  #attach(node: SwarmFacade) {
    const refresh = () => {
      this.#status = node.status()
      this.#peers = node.peers()
    }
    this.#facade = node
    refresh()
    keepTheme(node.status().settings.theme)
    node.subscribe(refresh)
  }

  get facade(): SwarmFacade | null {
    return this.#facade
  }
}

/** Shows the theme now, and leaves it where theme.js finds it before the next first paint. */
function keepTheme(theme: Settings['theme']) {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
  try {
    if (theme === 'system') localStorage.removeItem(THEME_KEY)
    else localStorage.setItem(THEME_KEY, theme)
  } catch {
    // Storage is blocked; the page says so elsewhere, and the theme holds until the tab closes.
  }
}
