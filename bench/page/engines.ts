import { chatTemplateOf } from '#adapters/engine/chat-template.ts'
import { readGguf } from '#adapters/engine/gguf-layout.ts'
import { readVocabulary } from '#adapters/engine/gguf-vocabulary.ts'
import { ortInTab } from '#adapters/engine/onnx/ort-in-tab.ts'
import { readerOf } from '#adapters/engine/wllama-judging.ts'
import { ban, WllamaRuntime } from '#adapters/engine/wllama-runtime.ts'
import { widenWeights } from '#support/widen-weights.ts'
import { asked, measureOnnx, secondsOf, type EngineFigures, type EngineJob } from '../engine-job.ts'

declare global {
  interface Window {
    /** Runs a job with a file of this server. `settled` of the test's side is called with the model still loaded. */
    measureEngine: (engine: 'onnx' | 'wllama', url: string, job: EngineJob) => Promise<EngineFigures>
    settled: () => Promise<void>
  }
}

window.measureEngine = async (engine, url, job) => {
  const file = new Uint8Array(await (await fetch(url)).arrayBuffer())
  return engine === 'onnx' ? measureOnnx(ortInTab().ort, file, job, window.settled) : measureWllama(file, job)
}

async function measureWllama(
  file: Uint8Array<ArrayBuffer>,
  { contextTokens, prompts, decodeTokens, answer }: EngineJob,
): Promise<EngineFigures> {
  const layout = readGguf(file)
  const vocabulary = readVocabulary(layout)
  let started: WllamaRuntime | null = null
  const loadS = await secondsOf(async () => {
    const blob = new Blob([widenWeights(file, layout)])
    started = await WllamaRuntime.start(blob, contextTokens, chatTemplateOf(layout).name)
  })
  if (!started) throw new Error('the model did not load')
  const runtime: WllamaRuntime = started
  const banned = ban([...vocabulary.controlTokens, ...vocabulary.brokenTokens])
  const reader = readerOf({ runtime, vocabulary, contextTokens, banned: ban(vocabulary.brokenTokens), marks: [] })
  const prefillPerS: number[] = []
  const decodePerS: number[] = []
  const scoreS: number[] = []
  for (const [run, prompt] of prompts.entries()) {
    const reply = await runtime.complete({
      messages: asked(prompt),
      max_tokens: decodeTokens,
      temperature: 0,
      logit_bias: banned,
    })
    prefillPerS.push(reply.timings.prompt_per_second)
    decodePerS.push(reply.timings.predicted_per_second)
    // Another prompt lies between, so that nothing of this one is in its cache.
    await runtime.complete({ messages: asked(`${run}`), max_tokens: 1, temperature: 0, logit_bias: banned })
    scoreS.push(await secondsOf(() => reader.logProbabilities(asked(prompt), answer, undefined)))
  }
  await window.settled()
  await runtime.stop()
  return { loadS, prefillPerS, decodePerS, scoreS }
}
