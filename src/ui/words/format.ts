/** Numbers and names as people read them. */

/** A score of 0 to 9999 as 0.00 to 0.99. Cut, not rounded, so that nothing ever reads 1.00. */
export function formatScore(score: number): string {
  return (Math.floor(score / 100) / 100).toFixed(2)
}

export function formatDuration(durationMs: number): string {
  if (durationMs < 1000) return `${Math.round(durationMs)} ms`
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(1)} s`
  return `${Math.floor(durationMs / 60_000)} min ${Math.round((durationMs % 60_000) / 1000)} s`
}

export function formatBytes(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(0)} kB`
  if (bytes < 1e9) return `${(bytes / 1e6).toFixed(1)} MB`
  return `${(bytes / 1e9).toFixed(1)} GB`
}

/** `plural(1, 'tab')` is "1 tab", `plural(2, 'tab')` is "2 tabs". */
export function plural(count: number, singular: string, many = `${singular}s`): string {
  return `${count} ${count === 1 ? singular : many}`
}

const BIRDS = [
  ...['Wren', 'Swift', 'Finch', 'Lark', 'Robin', 'Rook', 'Heron', 'Plover', 'Dunlin', 'Martin', 'Linnet', 'Siskin'],
  ...['Curlew', 'Avocet', 'Starling', 'Swallow', 'Oriole', 'Jay', 'Magpie', 'Crane', 'Osprey', 'Kite', 'Teal', 'Egret'],
  ...['Dove', 'Pipit', 'Thrush', 'Tern', 'Knot', 'Ibis', 'Snipe', 'Merlin'],
] as const

/** A name to tell tabs apart by: a bird and four digits, the same on every machine, drawn from the node's public key. */
export function shortName(node: string): string {
  const bird = BIRDS[Number.parseInt(node.slice(0, 2), 16) % BIRDS.length] ?? 'Bird'
  return `${bird} ${node.slice(2, 6)}`
}
