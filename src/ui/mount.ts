import { mount } from 'svelte'
import type { SwarmFacade } from '#shell/facade.ts'
import App from './App.svelte'
import './theme/tokens.css'
import './theme/base.css'
import './theme/prose.css'

/**
 * Shows the page in `target`. It paints at once and fills in when the node is up; a node that cannot start is told as a
 * sentence, by its error's name.
 */
export function mountApp(target: HTMLElement, facade: SwarmFacade | Promise<SwarmFacade>) {
  mount(App, { target, props: { facade } })
}
