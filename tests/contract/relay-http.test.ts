import { execFileSync } from 'node:child_process'
import { chmod, stat, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { TLSSocket } from 'node:tls'
import { brotliDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createPageDirectory, spawnRelay, type RelayProcess } from './relay-fixture.ts'

let page: Awaited<ReturnType<typeof createPageDirectory>>
let relay: RelayProcess

beforeAll(async () => {
  page = await createPageDirectory()
  relay = await spawnRelay([
    ...['--port', '0', '--host', '127.0.0.1', '--static', page.dist, '--identity', page.identity],
    ...['--network', 'classroom', '--ice-server', 'stun:stun.example.org:3478'],
    ...['--ice-server', 'turn:turn.example.org:3478,ann,secret'],
  ])
})

afterAll(async () => {
  relay.child.kill()
  await relay.exited
  await page.remove()
})

/** One request, the path exactly as given: `fetch` would tidy `..` away. */
function get(path: string, headers: Record<string, string> = {}, method = 'GET', port = relay.port) {
  return new Promise<{ status: number; headers: Record<string, unknown>; body: Buffer }>((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, path, headers, method }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) }),
      )
    })
    request.on('error', reject).end()
  })
}

describe('the page', () => {
  it('is served isolated, under a policy that names every host', async () => {
    const { status, headers, body } = await get('/')
    expect(status).toBe(200)
    expect(body.toString()).toContain('<title>page</title>')
    expect(headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-cache',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
      'cross-origin-resource-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    })
    const policy = String(headers['content-security-policy'])
    expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';")
    expect(policy).toContain("worker-src 'self' blob:;")
    expect(policy).toContain(`connect-src 'self' ws://127.0.0.1:${relay.port} https://huggingface.co`)
    expect(policy).toContain("object-src 'none'")
    expect(policy).not.toContain('unsafe-inline')
  })

  it('keeps what is named by its content for ever, and asks again for the rest', async () => {
    const cacheControl = async (path: string) => (await get(path)).headers['cache-control']
    expect(await cacheControl('/assets/index-Ab12Cd34.js')).toBe('public, max-age=31536000, immutable')
    expect(await cacheControl('/models/tiny-0123456789ab.gguf')).toBe('public, max-age=31536000, immutable')
    expect(await cacheControl('/models/plain.gguf')).toBe('no-cache')
    expect(await cacheControl('/sw.js')).toBe('no-cache')
    expect(await cacheControl('/manifest.webmanifest')).toBe('no-cache')
    const { headers } = await get('/sw.js')
    const again = await get('/sw.js', { 'If-None-Match': String(headers['etag']) })
    expect(again.status).toBe(304)
    expect(again.body.length).toBe(0)
  })

  it('has the types that browsers insist on', async () => {
    const type = async (path: string) => (await get(path)).headers['content-type']
    expect(await type('/assets/engine-Ab12Cd34.wasm')).toBe('application/wasm')
    expect(await type('/models/plain.gguf')).toBe('application/octet-stream')
    expect(await type('/manifest.webmanifest')).toContain('application/manifest+json')
    expect(await type('/assets/index-Ab12Cd34.js')).toContain('text/javascript')
  })

  it('is compressed as the browser likes', async () => {
    const path = '/assets/index-Ab12Cd34.js'
    const plain = await get(path)
    const brotli = await get(path, { 'Accept-Encoding': 'gzip, br' })
    expect(brotli.headers).toMatchObject({ 'content-encoding': 'br', vary: 'Accept-Encoding' })
    expect(brotliDecompressSync(brotli.body)).toEqual(plain.body)
    expect((await get(path, { 'Accept-Encoding': 'gzip, br;q=0' })).headers['content-encoding']).toBe('gzip')
    expect((await get('/models/plain.gguf', { 'Accept-Encoding': 'br' })).headers['content-encoding']).toBeUndefined()
  })

  it('is sent in ranges', async () => {
    const path = '/models/tiny-0123456789ab.gguf'
    const range = (value: string) => get(path, { Range: value })
    const middle = await range('bytes=10-19')
    expect(middle.status).toBe(206)
    expect(middle.headers['content-range']).toBe('bytes 10-19/1000')
    expect([...middle.body]).toEqual([10, 11, 12, 13, 14, 15, 16, 17, 18, 19])
    expect((await range('bytes=990-')).body.length).toBe(10)
    expect((await range('bytes=-5')).headers['content-range']).toBe('bytes 995-999/1000')
    expect((await range('bytes=990-5000')).body.length).toBe(10)
    expect((await range('bytes=1000-')).status).toBe(416)
    expect((await range('bytes=0-1,5-6')).status).toBe(200)
    expect((await get(path, { Range: 'bytes=0-1', 'If-Range': '"other"' })).status).toBe(200)
    expect((await get(path, {}, 'HEAD')).body.length).toBe(0)
  })

  it.each([
    '/../secret.txt',
    '/..%2fsecret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/..\\secret.txt',
    '//etc/passwd',
    '/%00',
    '/%ff',
    '/.env',
  ])('gives nothing outside of it: %s', async (path) => {
    const { status, body } = await get(path)
    expect([400, 404]).toContain(status)
    expect(body.toString()).not.toContain('outside')
  })

  it('answers navigations to its own routes, and no missing file', async () => {
    const navigation = { 'Sec-Fetch-Mode': 'navigate' }
    expect((await get('/chat/abc', navigation)).body.toString()).toContain('<title>page</title>')
    expect((await get('/assets/gone.js', navigation)).status).toBe(404)
    expect((await get('/chat/abc')).status).toBe(404)
    expect((await get('/', {}, 'POST')).status).toBe(405)
  })
})

describe('/config.json', () => {
  const config = async (host?: string) =>
    JSON.parse((await get('/config.json', host ? { Host: host } : {})).body.toString()) as Record<string, unknown>

  it('tells the network, the ICE servers, and an address that fits how the page was reached', async () => {
    expect(await config()).toEqual({
      multiaddrs: [`/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}`],
      network: 'classroom',
      iceServers: [
        { urls: 'stun:stun.example.org:3478' },
        { urls: 'turn:turn.example.org:3478', username: 'ann', credential: 'secret' },
      ],
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
    expect((await config('localhost:1234'))['multiaddrs']).toEqual([`/dns4/localhost/tcp/1234/ws/p2p/${relay.peerId}`])
    expect((await config('swarm.example.org'))['multiaddrs']).toEqual([
      `/dns4/swarm.example.org/tcp/80/ws/p2p/${relay.peerId}`,
    ])
    expect((await config('[2001:db8::1]:80'))['multiaddrs']).toEqual([`/ip6/2001:db8::1/tcp/80/ws/p2p/${relay.peerId}`])
  })

  it('lets no header write into the policy', async () => {
    const { headers } = await get('/config.json', { Host: "evil; script-src 'unsafe-inline'" })
    expect(headers['content-security-policy']).not.toContain('evil')
    expect((await config("evil; script-src 'unsafe-inline'"))['multiaddrs']).toEqual([])
  })
})

describe('operation', () => {
  it('answers /healthz', async () => {
    expect(await get('/healthz')).toMatchObject({ status: 200, body: Buffer.from('ok\n') })
  })

  it('counts in /metrics', async () => {
    const text = (await get('/metrics')).body.toString()
    expect(text).toMatch(/^tabswarm_relay_connections 0$/m)
    expect(text).toMatch(/^tabswarm_relay_reservations 0$/m)
    expect(text).toMatch(/^tabswarm_relay_relayed_bytes_total 0$/m)
    expect(text).toMatch(/^tabswarm_relay_http_requests_total\{kind="health",status="200"\} \d+$/m)
    expect(text).toContain('tabswarm_relay_websocket_bytes_total{direction="received"}')
  })

  it('keeps its key, owner-only, and so its peer id', async () => {
    expect((await stat(page.identity)).mode & 0o777).toBe(0o600)
    expect((await stat(join(page.identity, '..'))).mode & 0o777).toBe(0o700)
    const second = await spawnRelay(['--port', '0', '--static', page.dist, '--identity', page.identity])
    second.child.kill()
    expect(second.peerId).toBe(relay.peerId)
    expect(await second.exited).toBe(0)
  })

  it('refuses a key that others can read', async () => {
    const other = await createPageDirectory()
    const first = await spawnRelay(['--port', '0', '--identity', other.identity])
    first.child.kill()
    await first.exited
    await chmod(other.identity, 0o644)
    await expect(spawnRelay(['--port', '0', '--identity', other.identity])).rejects.toThrow(
      /exited with 2: Other users can read the relay's key .* chmod 600/,
    )
    await other.remove()
  })

  it('ends with code 2 and a sentence when it is started wrongly', async () => {
    const failure = await spawnRelay(['--colour']).catch((error: Error) => error.message)
    expect(failure).toContain("exited with 2: Unknown option '--colour'. --help lists every option.")
    expect(failure).not.toContain('    at ')
  })

  it('says when its port is taken', async () => {
    await expect(
      spawnRelay(['--port', String(relay.port), '--host', '127.0.0.1', '--identity', page.identity]),
    ).rejects.toThrow(`exited with 2: Port ${relay.port} is taken by another program.`)
  })

  it('prints every option with --help', async () => {
    const failure = await spawnRelay(['--help']).catch((error: Error) => error.message)
    expect(failure).toContain('exited with 0')
    for (const flag of [
      '--port',
      '--host',
      '--public-url',
      '--cert',
      '--key',
      '--identity',
      '--network',
      '--requests-per-minute',
    ]) {
      expect(failure).toContain(flag)
    }
  })

  it('speaks HTTPS, tells the page so, and takes a renewed certificate at SIGHUP', async () => {
    const [key, cert] = [join(page.root, 'key.pem'), join(page.root, 'cert.pem')]
    const certify = (name: string) =>
      execFileSync('openssl', [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
        ...['-subj', `/CN=${name}`, '-keyout', key, '-out', cert],
      ])
    certify('first')
    const secure = await spawnRelay(['--port', '0', '--cert', cert, '--key', key, '--identity', page.identity])
    const visit = () =>
      new Promise<{ name: string; body: string }>((resolve, reject) => {
        httpsRequest(
          { host: '127.0.0.1', port: secure.port, path: '/config.json', rejectUnauthorized: false, agent: false },
          (response) => {
            const name = (response.socket as TLSSocket).getPeerCertificate().subject.CN
            response.once('data', (chunk: Buffer) => resolve({ name: String(name), body: chunk.toString() }))
          },
        )
          .on('error', reject)
          .end()
      })
    const first = await visit()
    expect(first.name).toBe('first')
    expect(first.body).toContain(`/ip4/127.0.0.1/tcp/${secure.port}/tls/ws/p2p/`)
    certify('renewed')
    secure.child.kill('SIGHUP')
    await expect.poll(() => secure.output()).toContain('certificate-reloaded')
    expect((await visit()).name).toBe('renewed')
    await writeFile(cert, 'no certificate')
    secure.child.kill('SIGHUP')
    await expect.poll(() => secure.output()).toContain('certificate-kept')
    expect((await visit()).name).toBe('renewed')
    secure.child.kill()
    expect(await secure.exited).toBe(0)
  })
})

describe('limits by address', () => {
  const upgrade = (port: number, headers: Record<string, string> = {}) =>
    new Promise<{ status: string; close: () => void }>((resolve, reject) => {
      const socket = connect(port, '127.0.0.1')
      const lines = Object.entries({
        Host: 'relay',
        Upgrade: 'websocket',
        Connection: 'Upgrade',
        'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
        'Sec-WebSocket-Version': '13',
        ...headers,
      }).map(([name, value]) => `${name}: ${value}\r\n`)
      socket.on('error', reject)
      socket.write(`GET / HTTP/1.1\r\n${lines.join('')}\r\n`)
      socket.once('data', (chunk: Buffer) =>
        resolve({ status: chunk.toString().slice(9, 12), close: () => socket.destroy() }),
      )
    })

  it('admit a classroom by default', async () => {
    const tabs = await Promise.all(Array.from({ length: 64 }, () => upgrade(relay.port)))
    expect(tabs.map((tab) => tab.status)).toEqual(Array(64).fill('101'))
    for (const tab of tabs) tab.close()
  })

  it('refuse one address and not the next; the client that a trusted proxy names is who counts', async () => {
    const limited = await spawnRelay([
      ...['--port', '0', '--host', '127.0.0.1', '--identity', page.identity],
      ...['--connections-per-address', '2', '--trust-proxy'],
    ])
    const from = (address: string) => upgrade(limited.port, { 'X-Forwarded-For': `198.51.100.1, ${address}` })
    const tabs = [await from('192.0.2.7'), await from('192.0.2.7'), await from('192.0.2.7'), await from('192.0.2.8')]
    expect(tabs.map((tab) => tab.status)).toEqual(['101', '101', '429', '101'])
    expect(limited.output()).toContain('192.0.2.0/24')
    expect(limited.output()).not.toContain('192.0.2.7')
    for (const tab of tabs) tab.close()
    limited.child.kill()
    expect(await limited.exited).toBe(0)
  })

  it('refuse a flood of new connections, and do not believe headers of a client', async () => {
    const limited = await spawnRelay([
      ...['--port', '0', '--host', '127.0.0.1', '--identity', page.identity, '--new-connections-per-minute', '3'],
    ])
    const statuses: string[] = []
    for (let tab = 0; tab < 4; tab++) {
      const { status, close } = await upgrade(limited.port, { 'X-Forwarded-For': `192.0.2.${tab}` })
      statuses.push(status)
      close()
    }
    expect(statuses).toEqual(['101', '101', '101', '429'])
    limited.child.kill()
    await limited.exited
  })
})

describe('the rate of requests by address', () => {
  it('refuses one address and not the next, never a probe, and counts and logs it', async () => {
    const limited = await spawnRelay([
      ...['--port', '0', '--host', '127.0.0.1', '--identity', page.identity, '--static', page.dist],
      ...['--requests-per-minute', '1', '--trust-proxy'],
    ])
    const from = (address: string, path: string, method = 'GET') =>
      get(path, { 'X-Forwarded-For': `198.51.100.1, ${address}` }, method, limited.port)
    expect((await from('192.0.2.7', '/')).status).toBe(200)
    const refused = await from('192.0.2.7', '/')
    expect(refused.status).toBe(429)
    expect(refused.body.toString()).toBe('Too many requests from your address; try again later.\n')
    expect(refused.headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(60)
    expect((await from('192.0.2.7', '/', 'POST')).status).toBe(429)
    expect((await from('192.0.2.7', '/healthz')).status).toBe(200)

    expect((await from('192.0.2.8', '/')).status).toBe(200)
    const metrics = (await from('192.0.2.9', '/metrics')).body.toString()
    expect(metrics).toMatch(/^tabswarm_relay_refusals_total\{reason="request-rate"\} 2$/m)
    expect(metrics).toMatch(/^tabswarm_relay_http_requests_total\{kind="refused",status="429"\} 2$/m)
    limited.child.kill()
    expect(await limited.exited).toBe(0)
    // A flood is one line, and no whole address.
    expect(limited.output().match(/client-refused.*request-rate.*192\.0\.2\.0\/24/g)).toHaveLength(1)
    expect(limited.output()).not.toContain('192.0.2.7')
  })
})

describe('stopping', () => {
  it('closes in good order at SIGTERM although clients are connected, and exits with 0', async () => {
    const stopping = await spawnRelay(['--port', '0', '--host', '127.0.0.1', '--identity', page.identity])
    const socket = new WebSocket(`ws://127.0.0.1:${stopping.port}/`)
    await new Promise((resolve) => socket.addEventListener('open', resolve))
    const closed = new Promise((resolve) => socket.addEventListener('close', resolve))
    stopping.child.kill('SIGTERM')
    await closed
    expect(await stopping.exited).toBe(0)
    expect(stopping.output()).toContain('info stopped')
  })
})
