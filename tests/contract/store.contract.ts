import { describe, expect, it } from 'vitest'
import type { NodeId, SessionId } from '#core/protocol/ids.ts'
import type { KnownPeer, Store, StoredChat, StoredSession } from '#ports/store.ts'

/** One browser profile's disk. */
export interface StoreProfile {
  /** Another tab, or the same one after a reload. */
  open(): Promise<Store>
}

export const nodeId = (index: number) => index.toString(16).padStart(64, '0') as NodeId
export const sessionId = (index: number) => index.toString(16).padStart(32, '0') as SessionId

export const peer = (index: number, change: Partial<KnownPeer> = {}): KnownPeer => ({
  node: nodeId(index),
  addresses: [`/dns4/peer-${index}/tcp/443/wss`],
  seenAtMs: index,
  ...change,
})

export const session = (index: number, change: Partial<StoredSession> = {}): StoredSession => ({
  session: sessionId(index),
  createdAtMs: index,
  envelopes: [new Uint8Array([index % 256, 2, 3]), new Uint8Array(0)],
  sessionKey: null,
  role: 'executor',
  status: 'answered',
  resumption: null,
  durationsMs: { advertise: 12.5 },
  ...change,
})

export const chat = (index: number, change: Partial<StoredChat> = {}): StoredChat => ({
  id: `chat-${index}`,
  title: `Chat ${index}`,
  turns: [
    { id: 'a', role: 'user', text: 'Why?', session: null, state: 'complete', createdAtMs: 1 },
    {
      id: 'b',
      role: 'assistant',
      text: '',
      session: sessionId(1),
      state: 'failed',
      error: 'NoEngineError',
      createdAtMs: 2,
    },
  ],
  createdAtMs: index,
  updatedAtMs: index,
  ...change,
})

export function storeContract(name: string, createProfile: () => StoreProfile): void {
  describe(`${name}: tables`, () => {
    it('gives back what was put, the latest under each key, in another tab too', async () => {
      const profile = createProfile()
      const [one, other] = [await profile.open(), await profile.open()]
      await one.peers.put(nodeId(1), peer(1))
      await one.sessions.put(sessionId(1), session(1, { sessionKey: new Uint8Array(32).fill(7) }))
      await one.chats.put('chat-1', chat(1))
      await one.chats.put('chat-1', chat(1, { title: 'Renamed' }))
      expect(await other.peers.get(nodeId(1))).toEqual(peer(1))
      expect(await other.sessions.get(sessionId(1))).toEqual(session(1, { sessionKey: new Uint8Array(32).fill(7) }))
      expect(await other.chats.get('chat-1')).toEqual(chat(1, { title: 'Renamed' }))
      expect(await other.chats.get('chat-2')).toBeUndefined()
    })

    it('lists the newest first, as many as asked', async () => {
      const store = await createProfile().open()
      for (const index of [2, 3, 1]) await store.chats.put(`chat-${index}`, chat(index))
      await store.chats.put('chat-1', chat(1, { updatedAtMs: 9 }))
      const titles = async (limit?: number) => (await store.chats.list(limit)).map((each) => each.title)
      expect(await titles()).toEqual(['Chat 1', 'Chat 3', 'Chat 2'])
      expect(await titles(2)).toEqual(['Chat 1', 'Chat 3'])
      expect(await titles(0)).toEqual([])
      expect(await store.peers.list()).toEqual([])
    })

    it('forgets what was deleted, and does not mind what was never there', async () => {
      const store = await createProfile().open()
      await store.sessions.put(sessionId(1), session(1))
      await store.sessions.delete(sessionId(1))
      await store.sessions.delete(sessionId(2))
      expect(await store.sessions.get(sessionId(1))).toBeUndefined()
      expect(await store.sessions.list()).toEqual([])
    })

    it('keeps the 200 peers seen last', async () => {
      const store = await createProfile().open()
      for (let index = 0; index < 203; index++) await store.peers.put(nodeId(index), peer(index))
      await store.peers.put(nodeId(3), peer(3, { seenAtMs: 1_000 }))
      await store.peers.put(nodeId(999), peer(999))
      const seen = (await store.peers.list()).map((each) => each.seenAtMs)
      expect(seen).toHaveLength(200)
      expect(seen.slice(0, 2)).toEqual([1_000, 999])
      expect(seen.at(-1)).toBe(5)
    })

    it('gives up the oldest sessions of others before any of its own', async () => {
      const store = await createProfile().open()
      // Half of the 64 MiB bound each time two of these are kept.
      const large = [new Uint8Array(16 * 1024 * 1024)]
      await store.sessions.put(sessionId(1), session(1, { role: 'leader', envelopes: large }))
      await store.sessions.put(sessionId(2), session(2, { envelopes: large }))
      await store.sessions.put(sessionId(3), session(3, { envelopes: large }))
      await store.sessions.put(sessionId(4), session(4, { role: 'leader', envelopes: large }))
      await store.sessions.put(sessionId(5), session(5, { envelopes: large }))
      expect(await kept(store)).toEqual([5, 4, 3, 1])
      await store.sessions.put(sessionId(6), session(6, { role: 'leader', envelopes: [...large, ...large] }))
      expect(await kept(store)).toEqual([6, 4, 1])
      await store.sessions.put(sessionId(7), session(7, { envelopes: large }))
      expect(await kept(store)).toEqual([7, 6, 4])
    })
  })

  async function kept(store: Store): Promise<number[]> {
    return (await store.sessions.list()).map((each) => each.createdAtMs)
  }

  describe(`${name}: settings and sequence numbers`, () => {
    it('starts with the defaults and keeps what was set', async () => {
      const profile = createProfile()
      const store = await profile.open()
      const defaults = await store.getSettings()
      expect(defaults).toEqual({
        onlyThisDevice: false,
        contribute: true,
        theme: 'system',
        noticeAccepted: false,
        chosenModel: null,
      })
      await store.putSettings({ ...defaults, theme: 'dark', noticeAccepted: true })
      expect(await (await profile.open()).getSettings()).toEqual({ ...defaults, theme: 'dark', noticeAccepted: true })
    })

    it('keeps a sequence number for each node, from 0', async () => {
      const profile = createProfile()
      const store = await profile.open()
      expect(await store.getSequence(nodeId(1))).toBe(0)
      await store.putSequence(nodeId(1), 41)
      await store.putSequence(nodeId(1), 42)
      await store.putSequence(nodeId(2), Number.MAX_SAFE_INTEGER)
      const reloaded = await profile.open()
      expect(await reloaded.getSequence(nodeId(1))).toBe(42)
      expect(await reloaded.getSequence(nodeId(2))).toBe(Number.MAX_SAFE_INTEGER)
    })
  })

  it(`${name}: says that it is persistent and has no problem`, async () => {
    const store = await createProfile().open()
    expect(store).toMatchObject({ persistent: true, problem: null })
  })
}
