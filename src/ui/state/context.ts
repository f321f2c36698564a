import { createContext } from 'svelte'
import type { ChatState } from './chat-state.svelte.ts'
import type { LayoutState } from './layout-state.svelte.ts'
import type { SwarmState } from './swarm-state.svelte.ts'
import type { UpdateState } from './update-state.svelte.ts'

export const [getChat, setChat] = createContext<ChatState>()
export const [getLayout, setLayout] = createContext<LayoutState>()
export const [getSwarm, setSwarm] = createContext<SwarmState>()
export const [getUpdate, setUpdate] = createContext<UpdateState>()
