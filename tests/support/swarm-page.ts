import { expect, type Locator, type Page } from '@playwright/test'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { Role, Verdict } from '#core/protocol/messages.ts'
import type { PeerView, SwarmStatus } from '#shell/facade.ts'
import type { PageObject } from '../../src/page-object.ts'

export interface Asked {
  readonly text: string
  readonly verdict: Verdict | null
  readonly sessionId: SessionId
  /** The drafts that came, in order. */
  readonly drafts: readonly string[]
  readonly tookMs: number
}

export interface AskWish {
  readonly executors?: number
  readonly verifiers?: number
  readonly maxTokens?: number
}

declare global {
  interface Window {
    tabswarm?: PageObject
    /** Of `HOLDABLE_ENGINE`: from now on, what is said to the engine waits. */
    holdEngine?: () => void
    releaseEngine?: () => void
    /** Of `COUNTED_CONNECTIONS`: WebRTC connections that are up, as the browser itself sees them. */
    directConnections?: () => number
  }
}

/** A mesh on two busy cores needs this long at the worst; a test that waits for it ends with the event, not with it. */
const MESH_DEADLINE_MS = 90_000
const ENGINE_DEADLINE_MS = 90_000

/** One tab of a swarm, driven by script (`window.tabswarm`) or through its interface. */
export class SwarmPage {
  readonly page: Page

  constructor(page: Page) {
    this.page = page
  }

  // ---- by script ----

  status(): Promise<SwarmStatus> {
    return this.page.evaluate(() => nodeOf().status())
  }

  peers(): Promise<readonly PeerView[]> {
    return this.page.evaluate(() => nodeOf().peers())
  }

  async node(): Promise<NodeId> {
    const { node } = await this.status()
    if (node === null) throw new Error('the tab has no identity')
    return node
  }

  /** Resolves when the model is loaded. */
  async ready(): Promise<void> {
    await this.page.waitForFunction(() => window.tabswarm?.status().engine.phase === 'ready', null, {
      timeout: ENGINE_DEADLINE_MS,
    })
  }

  /** Resolves when so many other tabs are present with a model, all of them over direct links where that is asked. */
  async sees(others: number, { direct = false }: { direct?: boolean } = {}): Promise<void> {
    await this.page.waitForFunction(
      ({ others, direct }) => {
        const able = window.tabswarm?.peers().filter((peer) => peer.engines.length > 0) ?? []
        return (direct ? able.filter((peer) => peer.link?.kind === 'direct') : able).length >= others
      },
      { others, direct },
      { timeout: MESH_DEADLINE_MS },
    )
  }

  /** WebRTC connections that are up, by the browser's own account. */
  directConnections(): Promise<number> {
    return this.page.evaluate(() => window.directConnections?.() ?? 0)
  }

  ask(question: string, wish: AskWish = {}): Promise<Asked> {
    return this.page.evaluate(
      async ({ question, wish }) => {
        const drafts: string[] = []
        const startedMs = performance.now()
        const answer = await nodeOf().ask(question, { ...wish, onDraft: (text) => drafts.push(text) })
        return { ...answer, drafts, tookMs: performance.now() - startedMs }
      },
      { question, wish },
    )
  }

  async transcript(session: SessionId): Promise<Uint8Array> {
    const bytes = await this.page.evaluate(async (id) => [...((await nodeOf().transcript(id)) ?? [])], session)
    return Uint8Array.from(bytes)
  }

  /** Resolves when this tab holds that role in a session, to the session. */
  async holds(role: 'leader' | Role): Promise<SessionId> {
    const session = await this.page.waitForFunction(
      (role) =>
        nodeOf()
          .status()
          .roles.find((each) => each.role === role)?.session,
      role,
    )
    return (await session.jsonValue()) as SessionId
  }

  /** Resolves when this tab takes part in no session. */
  async rests(): Promise<void> {
    await this.page.waitForFunction(() => window.tabswarm?.status().roles.length === 0)
  }

  /** What is said to the engine waits from now on: the tab works, its model does not. Needs `HOLDABLE_ENGINE`. */
  async holdEngine(): Promise<void> {
    await this.page.evaluate(() => window.holdEngine?.())
  }

  async releaseEngine(): Promise<void> {
    await this.page.evaluate(() => window.releaseEngine?.())
  }

  /** The renderer dies: nothing of the page runs any more, no goodbye is said. */
  async crash(): Promise<void> {
    const session = await this.page.context().newCDPSession(this.page)
    const crashed = this.page.waitForEvent('crash')
    // The command has no answer, as nobody is left to give one.
    session.send('Page.crash').catch(() => undefined)
    await crashed
  }

  // ---- through the interface ----

  get composer(): Locator {
    return this.page.getByTestId('composer')
  }
  get answer(): Locator {
    return this.page.getByTestId('answer')
  }
  get draft(): Locator {
    return this.page.getByTestId('draft')
  }
  get provenance(): Locator {
    return this.page.getByTestId('provenance')
  }
  get details(): Locator {
    return this.page.getByTestId('details')
  }

  async acceptNotice(): Promise<void> {
    await this.page.getByTestId('notice-accept').click()
    await expect(this.page.getByTestId('notice-accept')).toHaveCount(0)
  }

  async type(question: string): Promise<void> {
    await this.composer.fill(question)
    await this.composer.press('Enter')
  }
}

/** On the page. */
declare function nodeOf(): PageObject

/** Runs before every page: a short way to the node that says what is missing. */
export const NODE_OF = `window.nodeOf = () => {
  if (!window.tabswarm) throw new Error('the node is not up')
  return window.tabswarm
}`

/**
 * Runs before the page: lets a test stop a tab's model at will, in whatever role, however fast it is. The tab then is
 * what a stalled device is to others, and can be killed in the middle of its work for certain.
 */
export const HOLDABLE_ENGINE = `{
  const engines = new WeakSet()
  const Original = window.Worker
  window.Worker = class extends Original {
    constructor(url, options) {
      super(url, options)
      if (String(url).includes('inference')) engines.add(this)
    }
  }
  const { postMessage } = Original.prototype
  let held = null
  Original.prototype.postMessage = function (...args) {
    if (held && engines.has(this)) held.push(() => postMessage.apply(this, args))
    else postMessage.apply(this, args)
  }
  window.holdEngine = () => (held ??= [])
  window.releaseEngine = () => {
    const waiting = held ?? []
    held = null
    for (const send of waiting) send()
  }
}`

/** Runs before the page: its WebRTC finds no way to anybody, as behind a firewall that lets only the web through. */
export const NO_DIRECT_WAY = `{
  const Original = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Original {
    constructor(options) {
      super({ ...options, iceServers: [], iceTransportPolicy: 'relay' })
    }
  }
}`

/** Runs before the page: remembers its WebRTC connections, so that "direct" need not be taken on the page's word. */
export const COUNTED_CONNECTIONS = `{
  const all = []
  const Original = window.RTCPeerConnection
  window.RTCPeerConnection = class extends Original {
    constructor(...args) {
      super(...args)
      all.push(this)
    }
  }
  window.directConnections = () => all.filter((each) => each.connectionState === 'connected').length
}`
