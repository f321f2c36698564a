declare module 'ws' {
  /** The package's client class; it has the shape of the web platform's. */
  export const WebSocket: typeof globalThis.WebSocket
}

interface PromiseConstructor {
  withResolvers<T>(): {
    promise: Promise<T>
    resolve: (value: T | PromiseLike<T>) => void
    reject: (reason?: unknown) => void
  }
}
