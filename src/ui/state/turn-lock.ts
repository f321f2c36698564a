/**
 * Which tab of a browser profile follows an answer: the one that holds the turn's Web Lock. Chats are shared by
 * tabs, so a tab that opens a chat must be able to tell "being answered next door" from "its tab is gone".
 * Insecure contexts have no locks; there every turn looks released.
 */

const lockName = (turn: string) => `tabswarm:turn:${turn}`

/** Holds the turn's lock until the returned function is called or the tab goes away. */
export function holdTurn(turn: string): () => void {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  void navigator.locks?.request(lockName(turn), () => held)
  return release
}

/** Resolves once no tab holds the turn's lock. */
export async function turnReleased(turn: string): Promise<void> {
  await navigator.locks?.request(lockName(turn), { mode: 'shared' }, () => undefined)
}
