/** The views of the phone's bottom bar, and `history`, which its header opens. */
export type View = 'chat' | 'history' | 'swarm' | 'models' | 'you'

const BOTH_PANELS = '(min-width: 1180px)'
const COLUMNS = '(min-width: 760px)'

/** Which columns stand open (wide), or which one view shows (phone). */
export class LayoutState {
  #view = $state<View>('chat')
  #history = $state(matchMedia('(min-width: 980px)').matches)
  #swarm = $state(matchMedia(BOTH_PANELS).matches)
  #wide = $state(matchMedia(COLUMNS).matches)

  constructor() {
    matchMedia(COLUMNS).addEventListener('change', (event) => (this.#wide = event.matches))
    matchMedia(BOTH_PANELS).addEventListener('change', (event) => {
      if (!event.matches && this.#history) this.#swarm = false
    })
  }

  get wide(): boolean {
    return this.#wide
  }
  get view(): View {
    return this.#view
  }
  get historyOpen(): boolean {
    return this.#wide ? this.#history : this.#view === 'history'
  }
  get swarmOpen(): boolean {
    return this.#wide ? this.#swarm : this.#view === 'swarm'
  }
  get chatOpen(): boolean {
    return this.#wide || this.#view === 'chat'
  }

  show(view: View) {
    this.#view = view
  }

  toggleHistory() {
    if (!this.#wide) this.#view = this.#view === 'history' ? 'chat' : 'history'
    else this.#history = !this.#history
    if (this.#history && !matchMedia(BOTH_PANELS).matches) this.#swarm = false
  }

  toggleSwarm() {
    if (!this.#wide) this.#view = this.#view === 'swarm' ? 'chat' : 'swarm'
    else this.#swarm = !this.#swarm
    if (this.#swarm && !matchMedia(BOTH_PANELS).matches) this.#history = false
  }
}
