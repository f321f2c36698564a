/** What is used of a window: the screen's wake lock, and whether anybody looks. */
export interface WakeLockWindow {
  readonly document: Pick<Document, 'visibilityState' | 'addEventListener'>
  readonly navigator: { readonly wakeLock?: Pick<WakeLock, 'request'> }
}

/**
 * One screen wake lock for all who want it.
 *
 * Invariants: 1. held only while somebody wants it and the page is visible: browsers take it from hidden pages, and it is
 * asked for again when the page is seen again; 2. a refusal (low battery, a policy, no such thing) is no error.
 */
export function createWakeLock({ document, navigator }: WakeLockWindow): () => () => void {
  let wishes = 0
  let held: WakeLockSentinel | null = null
  let asking = false

  const isWanted = () => wishes > 0 && document.visibilityState === 'visible'

  async function settle(): Promise<void> {
    if (asking || isWanted() === (held !== null)) return
    asking = true
    try {
      if (held) await letGo(held)
      else await take()
    } catch {
      // Refused; asked again with the next wish, or when the page is seen again.
      return
    } finally {
      asking = false
    }
    // What was wanted may have changed meanwhile.
    await settle()
  }

  async function take(): Promise<void> {
    const sentinel = await navigator.wakeLock?.request('screen')
    if (!sentinel) throw new Error('this platform has no wake lock')
    held = sentinel
    sentinel.addEventListener('release', () => {
      if (held === sentinel) held = null
    })
  }

  async function letGo(sentinel: WakeLockSentinel): Promise<void> {
    held = null
    await sentinel.release()
  }

  document.addEventListener('visibilitychange', () => void settle())
  return () => {
    let released = false
    wishes++
    void settle()
    return () => {
      if (released) return
      released = true
      wishes--
      void settle()
    }
  }
}
