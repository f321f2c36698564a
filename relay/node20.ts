/**
 * What libp2p 3 takes from Node 22 and Node 20 lacks. Imported before anything that loads libp2p.
 * To be removed together with the support of Node 20.
 */
import { WebSocket } from 'ws'

if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function withResolvers<T>() {
    let resolve!: (value: T | PromiseLike<T>) => void
    let reject!: (reason?: unknown) => void
    const promise = new Promise<T>((onResolve, onReject) => {
      resolve = onResolve
      reject = onReject
    })
    return { promise, resolve, reject }
  }
}

/** On the web an error that nobody listens for is harmless; in `ws` it ends the process. libp2p relies on the former. */
class WebSocketOfTheWeb extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    this.addEventListener('error', () => {})
  }
}

if (typeof globalThis.WebSocket !== 'function') globalThis.WebSocket = WebSocketOfTheWeb
