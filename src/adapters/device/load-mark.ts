import type { LoadMark } from '#ports/load-mark.ts'

export interface LoadMarkInit {
  /** `localStorage`: written at once, and there after a crash; null where it is blocked. */
  readonly storage: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | null
  /** A page that goes in good order did not break off. */
  readonly onLeave?: (listener: () => void) => unknown
}

const KEY = 'tabswarm:loading'

/** One mark a browser profile, as one of its tabs holds a large model at a time. Where nothing can be kept, no mark is. */
export function createLoadMark({ storage, onLeave }: LoadMarkInit): LoadMark {
  let isOwn = false

  function attempt<T>(act: () => T): T | null {
    try {
      return act()
    } catch {
      return null
    }
  }

  const mark: LoadMark = {
    read: () => attempt(() => storage?.getItem(KEY) ?? null),
    set(modelId) {
      isOwn = true
      attempt(() => storage?.setItem(KEY, modelId))
    },
    clear() {
      isOwn = false
      attempt(() => storage?.removeItem(KEY))
    },
  }
  onLeave?.(() => {
    if (isOwn) mark.clear()
  })
  return mark
}

/** This page's `localStorage`; null where reading the property throws because it is blocked. */
export function openProfileStorage(): Storage | null {
  try {
    return (globalThis.localStorage as Storage | undefined) ?? null
  } catch {
    return null
  }
}
