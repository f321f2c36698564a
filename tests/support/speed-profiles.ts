import type { FakeEngineOptions } from './fake-engine.ts'

/**
 * Devices from phone to workstation, each with the model that its page would run. Tokens a second.
 *
 * Measured, on two cores at 2 GHz or so, without a graphics device: the embedded model in WASM writes 220 to 470 (here
 * their middle), and one of 135 million parameters 4.5 to 13. All else is assumed: reading four times as fast as
 * writing in WASM and ten times on WebGPU; a phone at a third and an old phone at a tenth of the measured laptop; the
 * two graphics devices; and the times to load.
 */
export const PROFILES = {
  'old phone': embedded(34, 6000),
  'old phone, 135M': { ...wasm('smollm2-135m', 1, 5, 20, 30_000) },
  phone: embedded(110, 2500),
  laptop: embedded(340, 900),
  'laptop, 135M': wasm('smollm2-135m', 1, 9, 36, 12_000),
  'laptop with graphics': webgpu('llama-1b', 3, 25, 15_000),
  workstation: webgpu('qwen-7b', 5, 60, 20_000),
} as const satisfies Record<string, Profile>

export type ProfileName = keyof typeof PROFILES
export type Profile = Required<
  Pick<FakeEngineOptions, 'modelId' | 'tier' | 'speed' | 'loadMs' | 'instrument' | 'contextTokens'>
>

function embedded(decode: number, loadMs: number): Profile {
  return wasm('starling', 0, decode, 4 * decode, loadMs)
}

function wasm(modelId: string, tier: number, decode: number, prefill: number, loadMs: number): Profile {
  return { modelId, tier, speed: { decode, prefill }, loadMs, instrument: 'likelihood', contextTokens: 1024 }
}

function webgpu(modelId: string, tier: number, decode: number, loadMs: number): Profile {
  return { modelId, tier, speed: { decode, prefill: 10 * decode }, loadMs, instrument: 'rating', contextTokens: 4096 }
}
