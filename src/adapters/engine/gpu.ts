/** The graphics device, as far as it decides what can be loaded and tells when it is gone. */
export interface Gpu {
  /** Null where there is no WebGPU, or no device behind it. */
  adapter(): Promise<GpuAdapter | null>
  /** Calls back when a device that was opened meanwhile is lost, other than by being closed. Returns the cancellation. */
  watch(onLost: (reason: string) => void): () => void
}

export interface GpuAdapter {
  readonly f16: boolean
  readonly maxBindingBytes: number
  /** Vendor and architecture; results are comparable between equal ones only. */
  readonly label: string
  /** Computed by the processor after all: right, and slower there than what is made for a processor. */
  readonly software: boolean
}

/** `navigator.gpu`, in a window or in a worker. */
export function createGpu(gpu: GPU | undefined): Gpu {
  return {
    async adapter() {
      try {
        const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' })
        if (!adapter) return null
        const { vendor, architecture, isFallbackAdapter } = adapter.info
        return {
          f16: adapter.features.has('shader-f16'),
          maxBindingBytes: adapter.limits.maxStorageBufferBindingSize,
          label: [vendor, architecture].filter((part) => part !== '').join('-') || 'unknown',
          // Older browsers do not say so, and name Chromium's.
          software: isFallbackAdapter || architecture === 'swiftshader',
        }
      } catch {
        // As where the browser's graphics process has crashed too often.
        return null
      }
    },
    watch,
  }
}

/**
 * web-llm keeps its device to itself, only logs its loss, and leaves the running call waiting for ever. So devices are
 * listened to where they are opened; in its worker nobody else opens one.
 */
function watch(onLost: (reason: string) => void): () => void {
  if (typeof GPUAdapter === 'undefined') return () => {}
  const original = GPUAdapter.prototype.requestDevice
  let watching = true
  GPUAdapter.prototype.requestDevice = async function (this: GPUAdapter, descriptor?: GPUDeviceDescriptor) {
    const device = await original.call(this, descriptor)
    void device.lost.then(({ reason, message }) => {
      if (watching && reason !== 'destroyed') onLost(message || 'the device was lost')
    })
    return device
  }
  return () => {
    watching = false
    GPUAdapter.prototype.requestDevice = original
  }
}
