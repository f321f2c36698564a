import type { EngineStatus, ModelFamily, SwarmStatus } from '#shell/facade.ts'
import type { LinkState } from '../state/swarm-state.svelte.ts'
import { formatBytes, plural } from './format.ts'

/** The node's state in a few words, for the header and the panels. */

export function swarmSize(peers: number): string {
  return plural(peers + 1, 'tab')
}

export function linkWords(state: LinkState, direct: number, relayed: number): string {
  switch (state) {
    case 'starting':
      return 'starting'
    case 'offline':
      return 'offline'
    case 'connecting':
      return 'connecting'
    case 'alone':
      return 'only you'
    case 'direct':
      return 'direct'
    case 'relayed':
      return 'relayed'
    case 'mixed':
      return `${direct} direct, ${relayed} relayed`
  }
}

export function engineWords(engine: EngineStatus | undefined): string {
  switch (engine?.phase) {
    case 'loading': {
      const { progress } = engine
      if (!progress || progress.totalBytes === 0) return 'loading the model'
      return `loading the model, ${formatBytes(progress.loadedBytes)} of ${formatBytes(progress.totalBytes)}`
    }
    case 'ready':
      return `${engine.description.modelName}, ${engine.description.decodeTokensPerSecond} tokens/s`
    case 'failed':
      return 'no model'
    case 'idle':
    case undefined:
      return 'model not loaded yet'
  }
}

/** A model by its family's name and its kind there; any other by its own name. */
export function modelWords(family: ModelFamily | null | undefined, modelName: string): string {
  const member = family?.members.find(({ id }) => id === modelName)
  return family && member ? `${family.name}, ${member.kind}` : modelName
}

/** What this tab does right now; the empty string when it rests. */
export function roleWords(roles: SwarmStatus['roles']): string {
  const held = new Set(roles.map(({ role }) => role))
  const words = []
  if (held.has('executor')) words.push('answering')
  if (held.has('verifier')) words.push('judging')
  if (held.has('leader')) words.push('asking')
  return words.join(', ')
}
