import { describe, expect, test } from 'vitest'
import { ModelCache } from '#adapters/engine/model-cache.ts'
import { downloadModel } from '#adapters/engine/model-download.ts'
import { qualityOfGrades, ratingPrompt } from '#adapters/engine/rating.ts'
import { StopStrings } from '#adapters/engine/stop-strings.ts'
import { WebLlmEngine } from '#adapters/engine/webllm.ts'
import { FakeCaches } from '#support/fake-caches.ts'
import { FakeGpu, FakeMlc, type FakeMlcOptions } from '#support/fake-mlc.ts'
import { FakeModelHost, fakeModel } from '#support/fake-model-host.ts'

const models = [fakeModel('one', { needsF16: true }), fakeModel('absent')]

async function engineWith(change: Partial<FakeMlcOptions> = {}) {
  const caches = new FakeCaches()
  const cache = new ModelCache(caches)
  const host = new FakeModelHost(models)
  const { signal } = new AbortController()
  const [model] = models
  if (!model) throw new Error('no model')
  await downloadModel(model, { cache, fetch: host.fetch, freeBytes: () => Promise.resolve(null) }, () => {}, signal)
  const gpu = change.gpu ?? new FakeGpu()
  const mlc = new FakeMlc({ models, caches, gpu, ...change })
  let imports = 0
  const importMlc = async () => (imports++, mlc)
  return { engine: new WebLlmEngine({ models, cache, gpu, importMlc }), mlc, gpu, caches, imports: () => imports }
}

const error = (name: string, message = 'as the test says') => Object.assign(new Error(message), { name })

describe('what fails at load, by name', () => {
  test('no graphics device, without even fetching web-llm', async () => {
    const { engine, imports } = await engineWith({ gpu: new FakeGpu(null) })
    await expect(engine.load('one')).rejects.toMatchObject({ name: 'NoGpuError' })
    expect(imports()).toBe(0)
  })

  test('no 16-bit floats', async () => {
    const { engine } = await engineWith({
      gpu: new FakeGpu({ f16: false, maxBindingBytes: 2 ** 30, label: 'old', software: false }),
    })
    await expect(engine.load('one')).rejects.toMatchObject({ name: 'NoShaderF16Error' })
  })

  test('a model that was not downloaded: nothing is fetched for it', async () => {
    const { engine, imports } = await engineWith()
    await expect(engine.load('absent')).rejects.toMatchObject({ name: 'ModelLoadError' })
    expect(imports()).toBe(0)
  })

  test.each([
    [error('LinkError'), 'LibraryMismatchError'],
    [error('CompileError'), 'LibraryMismatchError'],
    [error('Error', 'Cannot find global function vm.builtin.x'), 'LibraryMismatchError'],
    [error('DeviceLostError'), 'DeviceLostError'],
    [error('WebGPUNotAvailableError'), 'NoGpuError'],
    [error('Error', 'Unable to find a compatible GPU. This issue might be'), 'NoGpuError'],
    [error('ShaderF16SupportError'), 'NoShaderF16Error'],
    [error('RangeError'), 'ModelLoadError'],
  ])('web-llm’s own %s', async (loadError, name) => {
    const { engine, mlc } = await engineWith({ loadError })
    await expect(engine.load('one')).rejects.toMatchObject({ name })
    expect(engine.describe()).toBeNull()
    expect(mlc.engines.map(({ unloaded }) => unloaded)).toEqual([true])
  })

  test('a device that is lost meanwhile, where web-llm would wait for ever', async () => {
    const { engine, gpu, mlc } = await engineWith({ hangs: true })
    const loading = expect(engine.load('one')).rejects.toMatchObject({ name: 'DeviceLostError' })
    while (mlc.engines.length === 0) await new Promise((resolve) => setImmediate(resolve))
    gpu.lose()
    await loading
  })

  test('an abort, at once', async () => {
    const { engine, mlc } = await engineWith({ hangs: true })
    const stop = new AbortController()
    const loading = engine.load('one', undefined, stop.signal)
    const aborted = expect(loading).rejects.toMatchObject({ name: 'AbortError' })
    while (mlc.engines.length === 0) await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    await aborted
  })
})

test('names the class of machines whose results compare, and the judging instrument', async () => {
  const { engine } = await engineWith()
  await engine.load('one')
  expect(engine.describe()).toMatchObject({
    engineClass: 'web-llm-0.0.0/webgpu/fake-one/ctx512',
    instrument: 'rating',
    prefillTokensPerSecond: 900,
    decodeTokensPerSecond: 46,
    judgeTokensPerSecond: 900,
  })
})

describe('stop strings', () => {
  const say = (gate: StopStrings, pieces: readonly string[]) => [...pieces.map((piece) => gate.push(piece)), gate.end()]

  test('hold back what may become one', () => {
    expect(say(new StopStrings(['END']), ['a E', 'N', 'd EN', 'D b', 'c'])).toEqual(['a ', '', 'ENd ', '', '', ''])
    expect(say(new StopStrings(['END']), ['a EN'])).toEqual(['a ', 'EN'])
  })

  test('the first of several ends the text', () => {
    const gate = new StopStrings(['\n\n', '!', ''])
    expect(say(gate, ['hi\n', 'you! no\n\n'])).toEqual(['hi', '\nyou', ''])
    expect(gate.hit).toBe(true)
  })

  test('leave out a known beginning, in pieces or not there', () => {
    expect(say(new StopStrings([], '<t></t>'), ['<t>', '</t>a', 'b']).join('')).toBe('ab')
    expect(say(new StopStrings([], '<t></t>'), ['<t', 'wo>']).join('')).toBe('<two>')
    expect(say(new StopStrings([], '<t></t>'), ['<t>']).join('')).toBe('<t>')
  })
})

describe('rating', () => {
  const grade = (token: string, probability: number) => ({ token, logprob: Math.log(probability) })

  test('is the expectation over the grades', () => {
    expect(qualityOfGrades([grade('5', 1)])).toBe(1)
    expect(qualityOfGrades([grade('1', 1)])).toBe(0)
    expect(qualityOfGrades([grade('3', 0.5), grade(' 5', 0.25), grade('1', 0.25)])).toBeCloseTo(0.5)
  })

  test('counts only grades, of what there is of them', () => {
    expect(qualityOfGrades([grade('The', 0.5), grade('5', 0.25), grade('4', 0.25)])).toBeCloseTo(0.875)
    expect(qualityOfGrades([grade('The', 1), { token: '2', logprob: Number.NaN }])).toBeNull()
  })

  test('JUDGE-3: fences the texts by a mark that differs with them, and repeats with them', () => {
    const ask = [{ role: 'user' as const, content: 'Who?' }]
    const mark = (answer: string) => /\[answer (\w{12})\]/.exec(ratingPrompt(ask, answer)[0]?.content ?? '')?.[1]
    expect(mark('me')).toBe(mark('me'))
    expect(mark('me')).not.toBe(mark('you'))
  })
})
