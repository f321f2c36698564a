import type { LoadProgress } from '#ports/engine.ts'
import type { ModelShelf, ShelfOffer } from '#ports/model-shelf.ts'

/** A shelf whose downloads end when the test says so. */
export class FakeShelf implements ModelShelf {
  readonly downloaded = new Set<string>()
  readonly asked: string[] = []
  finish: (error?: Error) => void = () => undefined

  survey() {
    const offers = ['small', 'large'].map((id, i): ShelfOffer => ({
      id,
      name: id,
      licence: 'MIT',
      tier: i + 1,
      runsOn: 'graphics',
      contextTokens: 256,
      downloadBytes: i + 1,
      memoryBytes: i + 1,
      hosts: ['models.example'],
      fit: 'good',
      downloaded: this.downloaded.has(id),
      keptBytes: 0,
    }))
    return Promise.resolve({ problem: null, offers, recommended: 'large' })
  }

  download(id: string, onProgress: (progress: LoadProgress) => void, signal: AbortSignal) {
    this.asked.push(id)
    onProgress({ loadedBytes: 1, totalBytes: 2 })
    return new Promise<void>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      this.finish = (error) => {
        if (error) return reject(error)
        this.downloaded.add(id)
        resolve()
      }
    })
  }

  remove(id: string) {
    this.downloaded.delete(id)
    return Promise.resolve()
  }
}

export function holding(id: string): FakeShelf {
  const shelf = new FakeShelf()
  shelf.downloaded.add(id)
  return shelf
}
