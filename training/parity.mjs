// Run prompts through wllama in headless Chromium, greedily, and print what it says as JSON.
//
//   node training/parity.mjs <model.gguf> <chats.json> > said.json
//
// chats.json is a list of {messages}; parity.py writes it and compares the answers with PyTorch's.
// Needs @wllama/wllama and playwright-core in the current folder's node_modules, and Chromium (CHROMIUM_PATH).
import { createServer } from 'node:http'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { cwd, env, argv, stdout } from 'node:process'

const require = createRequire(join(cwd(), 'package.json'))
const playwright = await import(require.resolve('playwright-core')).then((m) => m.default)
const wllamaRoot = join(cwd(), 'node_modules/@wllama/wllama/esm')
const [modelPath, chatsPath] = argv.slice(2)

const PAGE = `<!doctype html><meta charset="utf-8"><script type="module">
import { Wllama } from '/wllama/index.js'
window.start = async () => {
  const wllama = new Wllama({ default: '/wllama/wasm/wllama.wasm' }, { suppressNativeLog: true })
  const blob = await (await fetch('/model.gguf')).blob()
  const begun = performance.now()
  await wllama.loadModel([blob], { n_ctx: 1024, n_threads: 1, flash_attn: false, warmup: false })
  if (!wllama.getLoadedContextInfo().success) throw new Error('the model did not load')
  window.wllama = wllama
  return performance.now() - begun
}
window.ask = async (messages) => {
  let timings, text = ''
  const stream = await window.wllama.createChatCompletion({ messages, temperature: 0, max_tokens: 192, stream: true, timings_per_token: true })
  for await (const chunk of stream) {
    text += chunk.choices[0]?.delta?.content ?? ''
    timings = chunk.timings ?? timings
  }
  return { text, tokens: timings?.predicted_n, tokensPerSecond: timings?.predicted_per_second, prefillPerSecond: timings?.prompt_per_second }
}
window.ready = true
</script>`

const files = { '/': ['text/html', async () => PAGE], '/model.gguf': ['application/octet-stream', () => readFile(modelPath)] }
const server = createServer(async (request, response) => {
  const path = new URL(request.url, 'http://local').pathname
  const [type, read] = files[path] ?? [path.endsWith('.wasm') ? 'application/wasm' : 'text/javascript', () => readFile(join(wllamaRoot, path.replace('/wllama/', '')))]
  try {
    const body = await read()
    response.writeHead(200, { 'content-type': type }).end(body)
  } catch {
    response.writeHead(404).end()
  }
})
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))

const browser = await playwright.chromium.launch({
  executablePath: env.CHROMIUM_PATH ?? '/usr/bin/chromium',
  args: ['--headless=new', '--no-sandbox', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
})
try {
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(String(error)))
  await page.goto(`http://127.0.0.1:${server.address().port}/`)
  await page.waitForFunction('window.ready')
  const loadMs = await page.evaluate('window.start()')
  const answers = []
  for (const chat of JSON.parse(await readFile(chatsPath, 'utf8'))) answers.push(await page.evaluate((m) => window.ask(m), chat.messages))
  stdout.write(JSON.stringify({ loadMs, answers }, null, 1) + '\n')
} finally {
  await browser.close()
  server.close()
}
