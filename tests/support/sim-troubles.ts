import { encodeEnvelope } from '#core/protocol/envelope.ts'
import type { NodeId, Signature } from '#core/protocol/ids.ts'
import { MAX_FRAME_BYTES } from '#core/protocol/limits.ts'
import type { VirtualClock } from './virtual-clock.ts'
import type { Conditions, FakeNetwork } from './fake-mesh.ts'
import type { Dice } from './sim-dice.ts'
import type { SimNode } from './sim-node.ts'
import type { Witness } from './sim-witness.ts'

/** How often something goes wrong: mean times between two troubles of a kind, in ms of virtual time; 0 for never. */
export interface Troubles {
  readonly conditions: Partial<Conditions>
  readonly crashEveryMs: number
  readonly leaveEveryMs: number
  /** How long a tab that crashed or left stays away; some never come back. */
  readonly awayMs: { readonly min: number; readonly max: number }
  readonly partitionEveryMs: number
  readonly partitionMs: { readonly min: number; readonly max: number }
  readonly relayOutageEveryMs: number
  readonly hostileFrameEveryMs: number
}

export const NO_TROUBLES: Troubles = {
  conditions: { delayMs: { min: 2, max: 20 } },
  crashEveryMs: 0,
  leaveEveryMs: 0,
  awayMs: { min: 500, max: 30_000 },
  partitionEveryMs: 0,
  partitionMs: { min: 2000, max: 20_000 },
  relayOutageEveryMs: 0,
  hostileFrameEveryMs: 0,
}

/** Everything at once, and more of it than any real evening brings. */
export const ALL_TROUBLES: Troubles = {
  ...NO_TROUBLES,
  conditions: { delayMs: { min: 2, max: 120 }, loss: 0.01, duplicate: 0.02, reorder: 0.1 },
  crashEveryMs: 9000,
  leaveEveryMs: 12_000,
  partitionEveryMs: 60_000,
  relayOutageEveryMs: 90_000,
  hostileFrameEveryMs: 400,
}

export interface TroublemakerInit {
  readonly clock: VirtualClock
  readonly network: FakeNetwork
  readonly networkName: string
  readonly nodes: readonly SimNode[]
  readonly dice: Dice
  readonly witness: Witness
  readonly troubles: Troubles
  reopened(node: SimNode): void
  closed(node: SimNode): void
}

/** Sets troubles off until it is told to stop. */
export class Troublemaker {
  readonly #init: TroublemakerInit
  readonly counts: Record<string, number> = {}
  readonly #planned = new Set<() => void>()
  #divided = false

  constructor(init: TroublemakerInit) {
    this.#init = init
  }

  start(): void {
    const { troubles, network, dice } = this.#init
    network.setConditions(troubles.conditions)
    this.#every(troubles.crashEveryMs, () => this.#remove('crash', (node) => node.crash()))
    this.#every(troubles.leaveEveryMs, () => this.#remove('leave', (node) => node.leave()))
    this.#every(troubles.partitionEveryMs, () => this.#partition())
    this.#every(troubles.hostileFrameEveryMs, () => this.#attack())
    this.#every(troubles.relayOutageEveryMs, () => {
      network.setRelay(false)
      this.#after(dice.between(1000, 10_000), () => network.setRelay(true))
      this.#count('relay-outage')
    })
  }

  /** No new troubles; the network is whole again, and everybody comes back. */
  stop(): void {
    const { network, nodes } = this.#init
    for (const cancel of this.#planned) cancel()
    network.heal()
    network.setRelay(true)
    for (const node of nodes) void this.#reopen(node)
  }

  #every(meanMs: number, act: () => void): void {
    if (meanMs === 0) return
    this.#after(-meanMs * Math.log(1 - this.#init.dice.fraction()), () => {
      act()
      this.#every(meanMs, act)
    })
  }

  #after(durationMs: number, act: () => void): void {
    const { clock } = this.#init
    const cancel = clock.setTimer(clock.now() + durationMs, () => {
      this.#planned.delete(cancel)
      act()
    })
    this.#planned.add(cancel)
  }

  #remove(how: string, remove: (node: SimNode) => Promise<void>): void {
    const { nodes, dice, troubles, closed } = this.#init
    const open = nodes.filter((node) => node.tab)
    // Somebody must be left to ask.
    if (open.length < Math.max(2, nodes.length / 2)) return
    const node = dice.pick(open)
    this.#count(how)
    closed(node)
    void remove(node)
    this.#after(dice.between(troubles.awayMs.min, troubles.awayMs.max), () => void this.#reopen(node))
  }

  async #reopen(node: SimNode): Promise<void> {
    if (node.isOpen) return
    this.#count('return')
    await node.open()
    this.#init.reopened(node)
  }

  #partition(): void {
    if (this.#divided) return
    const { nodes, dice, network, troubles } = this.#init
    const groups: NodeId[][] = Array.from({ length: 2 + dice.below(2) }, () => [])
    for (const { id } of nodes) if (id) dice.pick(groups).push(id)
    this.#divided = true
    this.#count('partition')
    network.partition(groups)
    this.#after(dice.between(troubles.partitionMs.min, troubles.partitionMs.max), () => {
      this.#divided = false
      network.heal()
    })
  }

  // ---- hostile frames ----

  #attack(): void {
    const { nodes, dice, network } = this.#init
    const [kind, frame] = this.#hostileFrame()
    this.#count(`hostile:${kind}`)
    const forwarder = dice.pick(nodes).id
    for (const { id, tab } of nodes) {
      if (id && tab && forwarder && dice.chance(0.3)) network.inject(id, Uint8Array.from(frame), forwarder)
    }
  }

  #hostileFrame(): [string, Uint8Array] {
    const { dice, witness } = this.#init
    if (witness.recentFrames.length === 0) return ['garbage', dice.bytes(100)]
    const honest = dice.pick(witness.recentFrames)
    switch (dice.below(6)) {
      case 0:
        return ['garbage', dice.bytes(1 + dice.below(2000))]
      case 1:
        return ['oversized', new Uint8Array(MAX_FRAME_BYTES + 1)]
      case 2:
        return ['truncated', honest.subarray(0, dice.below(honest.length))]
      case 3:
        return ['flipped', flipped(honest, dice.below(honest.length * 8))]
      case 4:
        return ['replayed', honest]
      default:
        return ['forged', this.#forged(honest)]
    }
  }

  /** A frame in another's name, which a key of the forger's own signed; or another network's. */
  #forged(honest: Uint8Array): Uint8Array {
    const { dice, witness, networkName, nodes } = this.#init
    const decoded = witness.decode(honest, networkName)
    const victim = dice.pick(nodes).id
    if (!decoded.ok || !victim) return honest.subarray(1)
    const { message, sequence } = decoded.envelope
    const closed = 'task' in message || 'answer' in message ? { type: 'node-left' as const } : message
    const foreign = dice.chance(0.5)
    const { complete } = encodeEnvelope(
      { message: closed, sequence: sequence + 1 + dice.below(1000), grants: [] },
      foreign ? decoded.envelope.from : victim,
      foreign ? `${networkName}-other` : networkName,
      () => new Uint8Array(),
    )
    return complete(foreign ? decoded.envelope.signature : ('ab'.repeat(64) as Signature))
  }

  #count(trouble: string): void {
    this.counts[trouble] = (this.counts[trouble] ?? 0) + 1
  }
}

function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
  return changed
}
