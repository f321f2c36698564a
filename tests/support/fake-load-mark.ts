import type { LoadMark } from '#ports/load-mark.ts'

/** One profile's mark; each call of the result opens a page. */
export function createFakeLoadMark(): () => LoadMark {
  let marked: string | null = null
  return () => ({
    read: () => marked,
    set: (modelId) => void (marked = modelId),
    clear: () => void (marked = null),
  })
}
