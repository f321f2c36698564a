import type { NodeId, OperatorId } from '../protocol/ids.ts'

/** For whom an engine works: its own node, or a leader of some operator. */
export type Client = 'own' | { readonly leader: NodeId; readonly operator: OperatorId }

/** A job that waits for the engine, in order of arrival with the others. */
export interface InLine {
  readonly client: Client
  /** Jobs that came later and were taken first. */
  passedOver: number
}

/** Who was served lately, the one served last at the end; those of an operator's leaders likewise. */
export interface Served {
  readonly operators: readonly OperatorId[]
  readonly leaders: readonly NodeId[]
}

export const nobodyServed: Served = { operators: [], leaders: [] }

/** So many are remembered; of those forgotten it is as if they had never been served. */
const REMEMBERED = 64

/** A foreign job is passed over by at most so many foreign ones, whoever they are for. */
const MOST_PASSED_OVER = 8

/** Foreign jobs that wait for one engine at the most. Each slot has one; the rest is room for seats passed on. */
export const MAX_FOREIGN_IN_LINE = 16

/**
 * Which job an engine takes next (SPEC JOIN-5): its own node's first; of the foreign ones, that of the operator served
 * longest ago; of an operator's, that of the leader served longest ago; of a leader's, the one that came first. Who was
 * passed over too often comes before all of these, so that no stream of newcomers starves anybody. Shape: an index
 * into `line`, which is not empty.
 */
export function nextInLine(line: readonly InLine[], served: Served): { index: number; served: Served } {
  const own = line.findIndex(({ client }) => client === 'own')
  if (own >= 0) return { index: own, served }
  const waited = line.findIndex(({ passedOver }) => passedOver >= MOST_PASSED_OVER)
  const index = waited >= 0 ? waited : leastServed(line, served)
  const client = line[index]?.client
  if (client === undefined || client === 'own') return { index, served }
  return {
    index,
    served: {
      operators: servedNow(served.operators, client.operator),
      leaders: servedNow(served.leaders, client.leader),
    },
  }
}

function leastServed(line: readonly InLine[], { operators, leaders }: Served): number {
  let best = 0
  for (let index = 1; index < line.length; index++) {
    const [a, b] = [line[index]?.client, line[best]?.client]
    if (!a || !b || a === 'own' || b === 'own') continue
    const earlier =
      operators.lastIndexOf(a.operator) - operators.lastIndexOf(b.operator) ||
      leaders.lastIndexOf(a.leader) - leaders.lastIndexOf(b.leader)
    if (earlier < 0) best = index
  }
  return best
}

function servedNow<Id>(list: readonly Id[], id: Id): Id[] {
  return [...list.filter((other) => other !== id), id].slice(-REMEMBERED)
}
