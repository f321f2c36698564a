import type { ModelsStatus, ModelVerbs } from '#shell/facade.ts'

/** The larger models of a fake node: verbs show at once, and a test plays what becomes of them by `set`. */
export class FakeModels implements ModelVerbs {
  status: ModelsStatus | null
  readonly #onChange: () => void

  constructor(status: ModelsStatus | null, onChange: () => void) {
    this.status = status
    this.#onChange = onChange
  }

  set(change: Partial<ModelsStatus>): Promise<void> {
    if (this.status) this.status = { ...this.status, ...change }
    this.#onChange()
    return Promise.resolve()
  }

  choose(modelId: string): Promise<void> {
    const progress = { loadedBytes: 0, totalBytes: 800e6 }
    return this.set({ chosen: modelId, activity: { phase: 'downloading', modelId, progress } })
  }

  cancel(): Promise<void> {
    return this.useEmbedded()
  }

  useEmbedded(): Promise<void> {
    return this.set({ chosen: null, activity: { phase: 'none' } })
  }

  remove(modelId: string): Promise<void> {
    const offers = this.status?.offers.map((each) => (each.id === modelId ? { ...each, downloaded: false } : each))
    return this.set({ chosen: null, activity: { phase: 'none' }, offers: offers ?? [] })
  }
}
