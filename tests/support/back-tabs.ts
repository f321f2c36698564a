import type { Browser } from '@playwright/test'

/** A real tab among others of one window, which can be hidden and frozen. Playwright's own pages are always visible. */
export interface BackTab {
  /** The value of an expression on the page; promises are waited for. */
  evaluate<T>(expression: string): Promise<T>
  show(): Promise<void>
  /** As a browser does with a tab that has long been in the background: it must be hidden. Nothing on the page runs. */
  freeze(): Promise<void>
  resume(): Promise<void>
}

export interface Window {
  /** Opens a tab in front of the others. */
  open(url: string): Promise<BackTab>
  close(): Promise<void>
}

interface Reply {
  readonly id: number
  readonly result?: { readonly result?: { readonly value?: unknown }; readonly exceptionDetails?: unknown }
  readonly error?: unknown
}

/** A window with a profile of its own, driven by the DevTools protocol alone, so that nothing feigns visibility. */
export async function openWindow(browser: Browser): Promise<Window> {
  const root = await browser.newBrowserCDPSession()
  const { browserContextId } = await root.send('Target.createBrowserContext')
  const waiting = new Map<number, (reply: Reply) => void>()
  let lastId = 0
  root.on('Target.receivedMessageFromTarget', ({ message }) => {
    const reply = JSON.parse(message) as Reply
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })

  return {
    async open(url) {
      const { targetId } = await root.send('Target.createTarget', { url, browserContextId })
      const { sessionId } = await root.send('Target.attachToTarget', { targetId, flatten: false })
      const send = async (method: string, params: object = {}) => {
        const id = ++lastId
        const replied = new Promise<Reply>((resolve) => waiting.set(id, resolve))
        await root.send('Target.sendMessageToTarget', { sessionId, message: JSON.stringify({ id, method, params }) })
        const { result, error } = await replied
        if (error ?? result?.exceptionDetails) throw new Error(JSON.stringify(error ?? result?.exceptionDetails))
        return result
      }
      return {
        async evaluate<T>(expression: string) {
          const params = { expression, awaitPromise: true, returnByValue: true }
          return (await send('Runtime.evaluate', params))?.result?.value as T
        },
        show: () => root.send('Target.activateTarget', { targetId }).then(() => undefined),
        freeze: () => send('Page.setWebLifecycleState', { state: 'frozen' }).then(() => undefined),
        resume: () => send('Page.setWebLifecycleState', { state: 'active' }).then(() => undefined),
      }
    },
    close: () => root.send('Target.disposeBrowserContext', { browserContextId }).then(() => undefined),
  }
}
