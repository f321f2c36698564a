import type { ChatMessage, Verdict } from '#core/protocol/messages.ts'
import type { SessionId } from '#core/protocol/ids.ts'
import type { AskOptions, PeerView, SwarmFacade, SwarmStatus } from '#shell/facade.ts'

/** `window.tabswarm`, for scripts and tests on the page. Documented in docs/page-object.md. */
export interface PageObject {
  status(): SwarmStatus
  peers(): readonly PeerView[]
  /** Asks the swarm. `messages` may be a single question. Rejects with the errors of `SwarmFacade.ask`. */
  ask(
    messages: string | readonly ChatMessage[],
    options?: Pick<AskOptions, 'executors' | 'verifiers' | 'maxTokens' | 'signal'> & {
      /** The likeliest draft so far, whole, as it grows. */
      readonly onDraft?: (text: string) => void
    },
  ): Promise<{ text: string; verdict: Verdict | null; sessionId: SessionId }>
  /** The session's signed transcript as a file's bytes; null for an unknown session. */
  transcript(sessionId: SessionId): Promise<Uint8Array | null>
}

export function createPageObject(node: SwarmFacade): PageObject {
  return {
    status: () => node.status(),
    peers: () => node.peers(),
    async ask(messages, { onDraft, ...options } = {}) {
      const conversation = typeof messages === 'string' ? [{ role: 'user' as const, content: messages }] : messages
      const { text, verdict, session } = await node.ask(conversation, {
        ...options,
        ...(onDraft ? { onDraft: (draft) => onDraft(draft.text) } : {}),
      })
      return { text, verdict, sessionId: session }
    },
    transcript: async (sessionId) => (await node.transcript(sessionId))?.bytes ?? null,
  }
}
