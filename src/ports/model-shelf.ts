import type { LoadProgress } from './engine.ts'

/** Why a model does not suit a device; `tight` ones run, yet leave little memory for everything else. */
export type Fit = 'good' | 'tight' | 'no-f16' | 'little-memory' | 'small-gpu' | 'little-disk'

/** What computes a model. */
export type RunsOn = 'graphics' | 'processor'

/** A model that a person may choose to download. */
export interface ShelfModel {
  readonly id: string
  readonly name: string
  readonly licence: string
  readonly tier: number
  readonly runsOn: RunsOn
  readonly contextTokens: number
  /** About: what its parameters take on disk. The exact number is known once the download has begun. */
  readonly downloadBytes: number
  /** Of what computes it, weights and context included. */
  readonly memoryBytes: number
  /** Hosts that a download contacts, and that learn this device's address by it. */
  readonly hosts: readonly string[]
}

export interface ShelfOffer extends ShelfModel {
  readonly fit: Fit
  /** Whole in this browser profile's storage: to use it needs no network. */
  readonly downloaded: boolean
  /** Of a download that was cut short: what need not come again. 0 where that is not known. */
  readonly keptBytes: number
}

export interface ShelfSurvey {
  /** Why none of them can run here, as an error's name; null where some may. */
  readonly problem: string | null
  /** Smallest first, by what computes them. */
  readonly offers: readonly ShelfOffer[]
  readonly recommended: string | null
}

/**
 * Models of strangers' hosts, kept in this browser profile.
 *
 * Invariant: only `download` contacts another host, so whoever calls it must have a person's yes.
 */
export interface ModelShelf {
  /** What suits this device, and what is here already. Never throws, contacts nobody. */
  survey(): Promise<ShelfSurvey>
  /**
   * Fetches what is missing of a model; each file is checked before it is kept, so an aborted or failed download goes
   * on where it was. Errors: the `ModelLoadError` family, and the signal's `AbortError`.
   */
  download(modelId: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal): Promise<void>
  /** Gives the model's storage back, also that of half a download. */
  remove(modelId: string): Promise<void>
}
