import { parentPort, workerData } from 'node:worker_threads'
import * as ort from 'onnxruntime-web/wasm'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { buildSlice, type Slice } from '#adapters/engine/onnx/decoder-graph.ts'
import { GgufWeights } from '#adapters/engine/onnx/gguf-weights.ts'
import { readShape } from '#adapters/engine/onnx/model-shape.ts'
import { SliceSession } from '#adapters/engine/onnx/slice-session.ts'
import { decodeWeights, encodeWeights } from './gguf-weights.ts'

/** How hidden states cross from one worker to the other. */
export type HiddenFormat = 'f32' | 'f16' | 'q8_0'

export interface SliceTask {
  readonly file: Uint8Array<ArrayBuffer>
  readonly slice: Slice
  readonly contextTokens: number
  readonly format: HiddenFormat
}

/** Tokens for the first slice, the other's `hidden` for the last. `restart`: what was read before is forgotten. */
export interface SliceRequest {
  readonly restart: boolean
  readonly tokens?: readonly number[]
  readonly hidden?: Uint8Array
}

/** Logits are those of the last position. */
export type SliceReply = { readonly hidden: Uint8Array } | { readonly logits: Float32Array }

/** A thread that holds some layers of a model, and their cache, and nothing else. */
async function serve({ file, slice, contextTokens, format }: SliceTask): Promise<void> {
  ort.env.wasm.numThreads = 1
  const layout = readGguf(file)
  const shape = readShape(layout)
  const graph = buildSlice(shape, new GgufWeights(file, layout), slice, contextTokens)
  const session = await SliceSession.start(ort, graph, shape, slice, 'wasm')
  let cache = session.empty
  const answer = async ({ restart, tokens, hidden }: SliceRequest): Promise<SliceReply> => {
    if (restart) cache = session.empty
    const states = hidden && decodeWeights(hidden, format)
    const length = states ? states.length / shape.width : (tokens?.length ?? 0)
    const output = await session.run(states ? { hidden: states, length } : { tokens: tokens ?? [] }, cache, [
      length - 1,
    ])
    cache = output.cache
    return output.hidden
      ? { hidden: encodeWeights(output.hidden, format) }
      : { logits: output.logits ?? new Float32Array(0) }
  }
  parentPort?.on('message', (request: SliceRequest) => {
    void answer(request).then((reply) => parentPort?.postMessage(reply))
  })
  parentPort?.postMessage('ready')
}

await serve(workerData as SliceTask)
