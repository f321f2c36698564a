import type { EngineOffer } from '#core/protocol/messages.ts'
import type { EngineDescription } from '#ports/engine.ts'

/** The part of an engine's description that travels. */
export function offerOf(description: EngineDescription): EngineOffer {
  const { modelDigest, modelName, engineClass, tier, contextTokens } = description
  const { prefillTokensPerSecond, decodeTokensPerSecond, judgeTokensPerSecond } = description
  const speed = (tokensPerSecond: number) => Math.max(1, Math.round(tokensPerSecond))
  return {
    modelDigest,
    modelName,
    engineClass,
    tier,
    contextTokens,
    prefillTokensPerSecond: speed(prefillTokensPerSecond),
    decodeTokensPerSecond: speed(decodeTokensPerSecond),
    judgeTokensPerSecond: speed(judgeTokensPerSecond),
  }
}
