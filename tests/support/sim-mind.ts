import type { ChatMessage } from '#core/protocol/messages.ts'
import type { GenerateOptions } from '#ports/engine.ts'
import type { FakeEngineOptions } from './fake-engine.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A real model behind a simulated node: what it says and finds is computed, and takes the time that `engine` says. */
export interface Mind {
  readonly engine: Omit<FakeEngineOptions, 'clock' | 'answer' | 'quality'>
  answer(messages: readonly ChatMessage[], options: GenerateOptions): Promise<string>
  quality(messages: readonly ChatMessage[], answer: string): Promise<number>
}

/** The engine of a node that thinks with this. The clock stands still while it computes. */
export const engineWith = (mind: Mind, clock: VirtualClock): Omit<FakeEngineOptions, 'clock'> => ({
  ...mind.engine,
  answer: (...call) => clock.hold(mind.answer(...call)),
  quality: (...call) => clock.hold(mind.quality(...call)),
})
