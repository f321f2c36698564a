import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { discoveryTopicOf, topicOf } from '#core/protocol/version.ts'
import { AddressAdmission } from '#relay/admission.ts'
import { blurAddress, clientAddress } from '#relay/client-address.ts'
import { readConfig } from '#relay/config.ts'
import { ConfigError } from '#relay/errors.ts'
import { Networks, type Judgement } from '#relay/networks.ts'
import { RateLimit } from '#relay/rate-limit.ts'
import { Standing } from '#relay/standing.ts'
import { announcedOrigins, multiaddrOf, originOf, webSocketSource } from '#relay/origin.ts'

function configOf(argv: string[], env: Record<string, string> = {}) {
  const configured = readConfig(argv, env)
  if ('help' in configured) throw new Error('asked for help')
  return configured
}

function request(remoteAddress: string, headers: Record<string, string> = {}): IncomingMessage {
  return { socket: { remoteAddress }, headers } as unknown as IncomingMessage
}

describe('configuration', () => {
  it('prefers flags to variables, and variables to defaults', () => {
    const env = { PORT: '81', TABSWARM_NETWORK: 'lab', TABSWARM_TRUST_PROXY: '1' }
    expect(configOf([]).config).toMatchObject({ port: 8080, network: 'main', trustProxy: false })
    expect(configOf([], env).config).toMatchObject({ port: 81, network: 'lab', trustProxy: true })
    expect(configOf(['--port', '82'], { ...env, TABSWARM_PORT: '83' }).config.port).toBe(82)
    expect(configOf([], { ...env, TABSWARM_PORT: '83' }).config.port).toBe(83)
  })

  it('knows whether a port was asked for', () => {
    expect(configOf([]).portGiven).toBe(false)
    expect(configOf(['--port', '8080']).portGiven).toBe(true)
    expect(configOf([], { PORT: '8080' }).portGiven).toBe(true)
  })

  it('takes several ICE servers from one variable', () => {
    const { iceServers } = configOf([], { TABSWARM_ICE_SERVER: 'stun:a:1 turn:b:2,ann,secret' }).config
    expect(iceServers).toEqual([{ urls: 'stun:a:1' }, { urls: 'turn:b:2', username: 'ann', credential: 'secret' }])
  })

  it.each([
    [['--port', 'many'], '--port must be a whole number from 0 to 65535, not "many".'],
    [['--port', '65536'], '--port must be a whole number from 0 to 65535, not "65536".'],
    [['--requests-per-minute', '0'], '--requests-per-minute must be a whole number from 1 to'],
    [['--max-reservations', '0'], '--max-reservations must be a whole number from 1 to'],
    [['--colour'], "Unknown option '--colour'"],
    [['--cert', 'a.pem'], '--cert needs --key'],
    [['--key', 'a.pem'], '--key needs --cert'],
    [['--network', 'Ünsafe'], '--network must be'],
    [['--public-url', 'swarm'], '--public-url must be an origin'],
    [['--public-url', 'https://swarm.example.org/path'], '--public-url must be an origin'],
    [['--ice-server', 'http://x'], '--ice-server must look like'],
    [['--ice-server', 'turn:b:2'], 'The TURN server turn:b:2 needs a user and a password.'],
  ])('refuses %j with a sentence', (argv, sentence) => {
    expect(() => readConfig(argv, {})).toThrow(sentence)
    expect(() => readConfig(argv, {})).toThrow(ConfigError)
  })

  it('never repeats a TURN password in its sentences', () => {
    expect(() => configOf(['--ice-server', 'turn:b:2,ann,secret,more'])).toThrow(/turn:b:2"\.$/)
  })
})

describe('the client of a request', () => {
  it('is its IPv4 address, or the /64 of its IPv6 address', () => {
    expect(clientAddress(request('192.0.2.7'), false)).toBe('192.0.2.7')
    expect(clientAddress(request('::ffff:192.0.2.7'), false)).toBe('192.0.2.7')
    expect(clientAddress(request('2001:db8:0:7:1:2:3:4'), false)).toBe('2001:db8:0:7::/64')
    expect(clientAddress(request('2001:0db8::7:1:2:3:4'), false)).toBe('2001:db8:0:7::/64')
    expect(clientAddress(request('::1'), false)).toBe('0:0:0:0::/64')
    expect(clientAddress(request('fe80::1%eth0'), false)).toBe('fe80:0:0:0::/64')
  })

  it('is whom the trusted proxy names last, and never whom the client names', () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 192.0.2.9' }
    expect(clientAddress(request('10.0.0.1', headers), true)).toBe('192.0.2.9')
    expect(clientAddress(request('10.0.0.1', headers), false)).toBe('10.0.0.1')
    expect(clientAddress(request('10.0.0.1', { 'x-forwarded-for': 'unknown' }), true)).toBe('10.0.0.1')
  })

  it('is blurred in logs', () => {
    expect(blurAddress('192.0.2.7')).toBe('192.0.2.0/24')
    expect(blurAddress('2001:db8:5:7::/64')).toBe('2001:db8:5::/48')
  })
})

describe('admission by address', () => {
  const limits = { maxConnections: 5, connectionsPerAddress: 3, newConnectionsPerMinute: 6 }
  const create = () => {
    const clock = { ms: 0 }
    return { clock, admission: new AddressAdmission(limits, () => clock.ms) }
  }
  const admitted = (admission: AddressAdmission, address: string) => {
    const answer = admission.admit(address)
    if ('refusal' in answer) throw new Error(answer.refusal)
    return answer.release
  }

  it('counts what is open, once however often it is released', () => {
    const { admission } = create()
    const releases = [1, 2, 3].map(() => admitted(admission, 'a'))
    expect(admission.admit('a')).toMatchObject({ refusal: 'address-connections' })
    releases[0]?.()
    releases[0]?.()
    expect(admission.open).toBe(2)
    admitted(admission, 'a')
    expect(admission.admit('a')).toMatchObject({ refusal: 'address-connections' })
  })

  it('refuses everybody when the relay is full', () => {
    const { admission } = create()
    for (const address of ['a', 'a', 'b', 'b', 'c']) admitted(admission, address)
    expect(admission.admit('d')).toMatchObject({ refusal: 'full' })
  })

  it('lets an address connect again as time passes', () => {
    const { admission, clock } = create()
    for (let visit = 0; visit < 6; visit++) admitted(admission, 'a')()
    expect(admission.admit('a')).toEqual({ refusal: 'address-rate', retryAfterS: 10 })
    clock.ms += 10_000
    admitted(admission, 'a')()
    expect(admission.admit('a')).toMatchObject({ refusal: 'address-rate' })
  })

  it('forgets addresses that have gone', () => {
    const { admission, clock } = create()
    for (let visitor = 0; visitor < 100; visitor++) admitted(admission, `visitor ${visitor}`)()
    const release = admitted(admission, 'stays')
    clock.ms += 61_000
    admitted(admission, 'next')()
    expect(admission.size).toBe(2)
    release()
  })
})

describe('the rate of requests', () => {
  /** What a first visit asks for, rounded up. */
  const REQUESTS_OF_A_PAGE = 40

  it('lets a classroom open the page at once by default, and again a minute later', () => {
    const clock = { ms: 0 }
    const rate = new RateLimit(configOf([]).config.limits.requestsPerMinute, () => clock.ms)
    for (let visit = 0; visit < 2; visit++, clock.ms += 60_000) {
      for (let request = 0; request < 64 * REQUESTS_OF_A_PAGE; request++) expect(rate.take('school')).toBe(null)
    }
  })

  it('is read from its flag and its variable', () => {
    expect(configOf(['--requests-per-minute', '7']).config.limits.requestsPerMinute).toBe(7)
    expect(configOf([], { TABSWARM_REQUESTS_PER_MINUTE: '8' }).config.limits.requestsPerMinute).toBe(8)
  })

  it('is a burst and what flows back; one address does not pay for another', () => {
    const clock = { ms: 0 }
    const rate = new RateLimit(6, () => clock.ms)
    for (let request = 0; request < 6; request++) expect(rate.take('a')).toBe(null)
    expect(rate.take('a')).toEqual({ retryAfterS: 10, isFirst: true })
    expect(rate.take('b')).toBe(null)
    clock.ms += 7_000
    expect(rate.take('a')).toEqual({ retryAfterS: 3, isFirst: false })
    clock.ms += 3_000
    expect(rate.take('a')).toBe(null)
    expect(rate.take('a')).toEqual({ retryAfterS: 10, isFirst: true })
  })

  it.each([1, 7, 6000, 999_983])('is %i, and after what it says to wait there is one more', (perMinute) => {
    const clock = { ms: 0.1 }
    const rate = new RateLimit(perMinute, () => clock.ms)
    let taken = 0
    let refusal = rate.take('a')
    for (; refusal === null; refusal = rate.take('a')) taken++
    // A millisecond of grace for rounding is sixteen of a million a minute.
    expect(taken).toBeGreaterThanOrEqual(perMinute)
    expect(taken).toBeLessThanOrEqual(perMinute + perMinute / 60_000)
    clock.ms += refusal.retryAfterS * 1000
    expect(rate.take('a')).toBe(null)
  })

  it('forgets addresses that have gone', () => {
    const clock = { ms: 0 }
    const rate = new RateLimit(6, () => clock.ms)
    for (let visitor = 0; visitor < 100; visitor++) rate.take(`visitor ${visitor}`)
    clock.ms += 61_000
    rate.take('next')
    expect([...rate.addresses]).toEqual(['next'])
  })
})

describe('standing in gossip', () => {
  it("falls with rejected frames past both of gossipsub's thresholds, and heals", () => {
    const clock = { ms: 0 }
    const standing = new Standing(() => clock.ms)
    for (let frame = 0; frame < 4; frame++) standing.rejected('mallory')
    expect(standing.scoreOf('mallory')).toBe(-16)
    for (let frame = 0; frame < 5; frame++) standing.rejected('mallory')
    expect(standing.scoreOf('mallory')).toBe(-81)
    clock.ms += 60_000
    expect(standing.scoreOf('mallory')).toBeCloseTo(-5.06, 1)
    expect(standing.scoreOf('ann')).toBeCloseTo(0)
    standing.forget('mallory')
    expect(standing.scoreOf('mallory')).toBeCloseTo(0)
  })
})

describe('networks', () => {
  const create = (maxNetworks: number) => {
    const open = new Map<string, (frame: Uint8Array) => Judgement>()
    const networks = new Networks(
      'main',
      maxNetworks,
      { open: (topic, judge) => open.set(topic, judge), close: (topic) => open.delete(topic) },
      () => {},
    )
    return { networks, open }
  }

  it('are open while a client of theirs is connected; the own one always', () => {
    const { networks, open } = create(4)
    networks.subscribed('ann', topicOf('lab'))
    networks.subscribed('bob', discoveryTopicOf('lab'))
    networks.disconnected('ann')
    expect([...open.keys()]).toContain(topicOf('lab'))
    networks.disconnected('bob')
    expect([...open.keys()].sort()).toEqual([topicOf('main'), discoveryTopicOf('main')].sort())
  })

  it('are bounded, in all and for one client', () => {
    const { networks, open } = create(3)
    for (const name of ['a', 'b', 'c', 'd']) networks.subscribed('mallory', topicOf(name))
    expect(networks.size).toBe(3)
    networks.subscribed('ann', topicOf('x'))
    networks.subscribed('bob', topicOf('y'))
    expect(networks.size).toBe(4)
    expect(open.has(topicOf('y'))).toBe(false)
  })

  it('have topics of a known form only', () => {
    const { networks } = create(9)
    for (const topic of [
      '/tabswarm/3/',
      '/tabswarm/3/a/b',
      '/tabswarm/1/a',
      '_tabswarm/A/peers',
      'a',
      '_tabswarm//peers',
    ]) {
      networks.subscribed('mallory', topic)
    }
    expect(networks.size).toBe(1)
  })

  it('take announcements up to their size', () => {
    const { open } = create(0)
    const judge = open.get(discoveryTopicOf('main'))
    expect(judge?.(new Uint8Array(400))).toBe('accept')
    expect(judge?.(new Uint8Array(9000))).toBe('reject')
  })
})

describe('the origin', () => {
  const of = (argv: string[], headers: Record<string, string>) => {
    const origin = originOf(request('10.0.0.1', headers), configOf(argv).config)
    return origin && [multiaddrOf(origin), webSocketSource(origin)]
  }

  it('is what the browser asked for', () => {
    expect(of([], { host: 'localhost:8080' })).toEqual(['/dns4/localhost/tcp/8080/ws', 'ws://localhost:8080'])
    expect(of([], { host: '[::1]:8080' })).toEqual(['/ip6/::1/tcp/8080/ws', 'ws://[::1]:8080'])
    expect(of(['--cert', 'c', '--key', 'k'], { host: 'swarm.example.org' })).toEqual([
      '/dns4/swarm.example.org/tcp/443/tls/ws',
      'wss://swarm.example.org',
    ])
    expect(of([], { host: 'a b' })).toBe(null)
    expect(of([], {})).toBe(null)
  })

  it('is what a trusted proxy was asked for, and the public URL before all', () => {
    const headers = { host: '10.0.0.2:8080', 'x-forwarded-proto': 'https', 'x-forwarded-host': 'swarm.example.org' }
    expect(of(['--trust-proxy'], headers)?.[1]).toBe('wss://swarm.example.org')
    expect(of([], headers)?.[1]).toBe('ws://10.0.0.2:8080')
    expect(of(['--public-url', 'https://public.example.org:8443'], headers)?.[1]).toBe('wss://public.example.org:8443')
  })

  it('that tabs tell each other is the public URL, else this machine', () => {
    const announced = (argv: string[]) => announcedOrigins(configOf(argv).config, 99).map(multiaddrOf)
    expect(announced(['--public-url', 'https://a.example.org'])).toEqual(['/dns4/a.example.org/tcp/443/tls/ws'])
    expect(announced(['--host', '192.0.2.1'])).toEqual(['/ip4/192.0.2.1/tcp/99/ws'])
    expect(announced([])[0]).toBe('/dns4/localhost/tcp/99/ws')
  })
})
