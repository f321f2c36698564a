/** Runs tasks one after another, in the order in which they came. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve()

  /** A task whose signal aborts while it waits is not run; its promise rejects at once with the signal's reason. */
  run<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    let started = false
    const result = this.#tail.then(() => {
      signal?.throwIfAborted()
      started = true
      return task()
    })
    this.#tail = result.catch(() => {})
    if (!signal) return result
    return new Promise<T>((resolve, reject) => {
      const abort = (): void => {
        if (!started) reject(signal.reason)
      }
      if (signal.aborted) abort()
      signal.addEventListener('abort', abort, { once: true })
      result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
    })
  }
}
