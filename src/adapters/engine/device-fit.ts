import type { Fit, ShelfModel } from '#ports/model-shelf.ts'
import type { WebLlmModel } from './webllm-catalogue.ts'

/** What of a device decides which models its processor can run. */
export interface RoomyDevice {
  /** Rounded, and 8 GiB at most, as browsers tell it; null where they do not. */
  readonly memoryBytes: number | null
  /** What the site may still keep; null where the browser does not say. */
  readonly freeDiskBytes: number | null
}

/** What of a device decides which models its graphics can run. */
export interface GpuDevice extends RoomyDevice {
  readonly f16: boolean
  /** The adapter's `maxStorageBufferBindingSize`. */
  readonly maxBindingBytes: number
}

const GIBIBYTE = 1024 ** 3

/** Below this, web-llm makes do with bindings of 128 MiB, which only its low-resource models do with. */
const FULL_BINDING_BYTES = GIBIBYTE

/** Of a browser that does not say: most devices with WebGPU have more. */
const USUAL_MEMORY_BYTES = 4 * GIBIBYTE

/** WebGPU does not tell its memory, so the device's is the only measure, as for the processor; much of it is in use. */
const GOOD_SHARE = 1 / 4
const TIGHT_SHARE = 1 / 2

/** A disk that a download fills to the brim fails everything else. */
const DISK_MARGIN = 1.1

type Room = Pick<ShelfModel, 'memoryBytes' | 'downloadBytes'>
type GpuNeeds = Room & Pick<WebLlmModel, 'needsF16' | 'lowResource'>

/** How a model suits a device by its memory and disk alone. `downloaded` models need no more disk. */
export function roomFor(device: RoomyDevice, model: Room, downloaded = false): Fit {
  const memoryBytes = device.memoryBytes ?? USUAL_MEMORY_BYTES
  if (model.memoryBytes > memoryBytes * TIGHT_SHARE) return 'little-memory'
  const free = device.freeDiskBytes ?? Infinity
  if (!downloaded && model.downloadBytes * DISK_MARGIN > free) return 'little-disk'
  return model.memoryBytes > memoryBytes * GOOD_SHARE ? 'tight' : 'good'
}

/** How a model suits a device with its graphics. */
export function fitOf(device: GpuDevice, model: GpuNeeds, downloaded = false): Fit {
  if (model.needsF16 && !device.f16) return 'no-f16'
  if (!model.lowResource && device.maxBindingBytes < FULL_BINDING_BYTES) return 'small-gpu'
  return roomFor(device, model, downloaded)
}

/** What of a model's catalogue entry a person sees. */
export function shown(model: ShelfModel): ShelfModel {
  const { id, name, licence, tier, runsOn, contextTokens, downloadBytes, memoryBytes, hosts } = model
  return { id, name, licence, tier, runsOn, contextTokens, downloadBytes, memoryBytes, hosts }
}

/**
 * The model to suggest: of those that suit the graphics well the highest tier, there the smallest download; where none
 * does, the smallest that runs at all; else null.
 */
export function recommend<M extends GpuNeeds & Pick<WebLlmModel, 'id' | 'tier'>>(
  device: GpuDevice,
  models: readonly M[],
): M | null {
  const smallestFirst = models.toSorted((a, b) => a.downloadBytes - b.downloadBytes)
  const good = smallestFirst.filter((model) => fitOf(device, model) === 'good')
  const highest = Math.max(...good.map(({ tier }) => tier))
  return (
    good.find(({ tier }) => tier === highest) ?? smallestFirst.find((model) => fitOf(device, model) === 'tight') ?? null
  )
}
