import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { ConfigError } from './errors.ts'

/** Shape of `RTCIceServer`, as browsers take it. */
export interface IceServer {
  readonly urls: string
  readonly username?: string
  readonly credential?: string
}

export interface RelayLimits {
  /** WebSockets of all clients together. */
  readonly maxConnections: number
  /** WebSockets that one client address (IPv6: one /64) holds at a time. */
  readonly connectionsPerAddress: number
  readonly newConnectionsPerMinute: number
  /** HTTP requests that one client address makes in a minute. */
  readonly requestsPerMinute: number
  readonly maxReservations: number
  readonly reservationMinutes: number
  /** Of one relayed connection between two tabs. */
  readonly relayedMinutes: number
  readonly relayedMebibytes: number
  /** Networks with gossip through this relay at a time, besides its own. */
  readonly maxNetworks: number
}

export interface RelayConfig {
  /** 0 picks a free one. */
  readonly port: number
  /** Undefined listens on every interface. */
  readonly host: string | undefined
  /** How browsers reach this relay, where that is not what their `Host` header says. */
  readonly publicUrl: URL | null
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  readonly identityFile: string
  readonly staticDir: string
  readonly network: string
  readonly iceServers: readonly IceServer[]
  /** Believe the last `X-Forwarded-For` entry, `X-Forwarded-Proto` and `X-Forwarded-Host`. */
  readonly trustProxy: boolean
  readonly limits: RelayLimits
}

interface Flag {
  readonly argument?: string
  readonly multiple?: true
  readonly fallback?: string
  readonly help: string
}

/** Every option, in the order of `--help`. Its variable is TABSWARM_ and its name in capitals. */
const FLAGS = {
  port: { argument: 'N', fallback: '8080', help: 'port of the page and the relay; 0 picks a free one (also PORT)' },
  host: { argument: 'ADDRESS', help: 'address to listen on (default: all)' },
  'public-url': { argument: 'URL', help: 'how browsers reach this relay, e.g. https://swarm.example.org' },
  cert: { argument: 'FILE', help: 'certificate chain for HTTPS, PEM; needs --key' },
  key: { argument: 'FILE', help: 'private key for HTTPS, PEM; needs --cert' },
  identity: { argument: 'FILE', fallback: '.tabswarm/relay.key', help: "the relay's own key; made at first start" },
  static: { argument: 'DIR', fallback: 'dist', help: 'the built page' },
  network: { argument: 'NAME', fallback: 'main', help: 'network that the page joins' },
  'ice-server': {
    argument: 'URL[,USER,PASSWORD]',
    multiple: true,
    help: 'STUN or TURN server for the tabs; may be repeated (variable: separated by spaces)',
  },
  'trust-proxy': { help: "take the client's address from the reverse proxy in front (X-Forwarded-*)" },
  'max-connections': { argument: 'N', fallback: '4096', help: 'WebSockets at a time' },
  'connections-per-address': { argument: 'N', fallback: '256', help: 'WebSockets at a time from one address' },
  'new-connections-per-minute': { argument: 'N', fallback: '600', help: 'new WebSockets a minute from one address' },
  'requests-per-minute': { argument: 'N', fallback: '6000', help: 'HTTP requests a minute from one address' },
  'max-reservations': { argument: 'N', fallback: '2048', help: 'tabs that can be reached through this relay' },
  'reservation-minutes': { argument: 'N', fallback: '60', help: 'how long a reservation holds; tabs renew it' },
  'relayed-minutes': { argument: 'N', fallback: '120', help: 'how long one relayed connection may last' },
  'relayed-mebibytes': { argument: 'N', fallback: '128', help: 'how much one relayed connection may carry' },
  'max-networks': { argument: 'N', fallback: '64', help: 'other networks that may use this relay at a time' },
  help: { help: 'print this' },
} as const satisfies Record<string, Flag>

type FlagName = keyof typeof FLAGS
type Values = Readonly<Partial<Record<FlagName, string | boolean | readonly (string | boolean)[]>>>

export type Configured = { readonly help: string } | { readonly config: RelayConfig; readonly portGiven: boolean }

/** Flags win over variables, variables over defaults. Throws `ConfigError` with a sentence. */
export function readConfig(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Configured {
  const flags = parseFlags(argv)
  if (flags.help === true) return { help: helpText() }
  const given = (name: FlagName): string | undefined => {
    const value = flags[name]
    if (typeof value === 'string') return value
    const variable = env[variableOf(name)] ?? (name === 'port' ? env['PORT'] : undefined)
    return variable === '' ? undefined : variable
  }
  const text = (name: FlagName): string => {
    const flag: Flag = FLAGS[name]
    const value = given(name) ?? flag.fallback
    if (value === undefined || value === '') throw new ConfigError(`--${name} needs a value.`)
    return value
  }
  const integer = (name: FlagName, min: number, max: number): number => {
    const value = text(name)
    const parsed = /^\d{1,9}$/.test(value) ? Number(value) : NaN
    if (!(parsed >= min && parsed <= max)) {
      throw new ConfigError(`--${name} must be a whole number from ${min} to ${max}, not "${value}".`)
    }
    return parsed
  }
  const iceServers = Array.isArray(flags['ice-server'])
    ? flags['ice-server'].map(String)
    : (given('ice-server') ?? '').split(/\s+/).filter(Boolean)
  const config: RelayConfig = {
    port: integer('port', 0, 65535),
    host: given('host'),
    publicUrl: readPublicUrl(given('public-url')),
    tls: readTls(given('cert'), given('key')),
    identityFile: text('identity'),
    staticDir: text('static'),
    network: readNetwork(text('network')),
    iceServers: iceServers.map(readIceServer),
    trustProxy: flags['trust-proxy'] === true || ['1', 'true', 'yes'].includes(given('trust-proxy') ?? ''),
    limits: {
      maxConnections: integer('max-connections', 1, 1_000_000),
      connectionsPerAddress: integer('connections-per-address', 1, 1_000_000),
      newConnectionsPerMinute: integer('new-connections-per-minute', 1, 1_000_000),
      requestsPerMinute: integer('requests-per-minute', 1, 1_000_000),
      maxReservations: integer('max-reservations', 1, 1_000_000),
      // Upper bounds: a timer of Node holds 24 days at the most.
      reservationMinutes: integer('reservation-minutes', 1, 30_000),
      relayedMinutes: integer('relayed-minutes', 1, 30_000),
      relayedMebibytes: integer('relayed-mebibytes', 1, 1_000_000),
      maxNetworks: integer('max-networks', 0, 10_000),
    },
  }
  return { config, portGiven: given('port') !== undefined }
}

function parseFlags(argv: readonly string[]): Values {
  const options = Object.fromEntries(
    Object.entries<Flag>(FLAGS).map(([name, flag]) => [
      name,
      { type: flag.argument ? ('string' as const) : ('boolean' as const), multiple: flag.multiple ?? false },
    ]),
  )
  try {
    return parseArgs({ args: [...argv], options, strict: true, allowPositionals: false }).values
  } catch (error) {
    // Node's own sentence names the flag; its hint about `--` does not apply here.
    const [sentence] = error instanceof Error ? error.message.split('. ') : ['Bad flags']
    throw new ConfigError(`${sentence}. --help lists every option.`)
  }
}

function readPublicUrl(value: string | undefined): URL | null {
  if (value === undefined) return null
  const url = URL.canParse(value) ? new URL(value) : null
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.pathname !== '/' || url.search || url.username) {
    throw new ConfigError(`--public-url must be an origin such as https://swarm.example.org, not "${value}".`)
  }
  return url
}

function readTls(certFile: string | undefined, keyFile: string | undefined): RelayConfig['tls'] {
  if (certFile === undefined && keyFile === undefined) return null
  if (certFile === undefined) throw new ConfigError('--key needs --cert: HTTPS takes a certificate and its key.')
  if (keyFile === undefined) throw new ConfigError('--cert needs --key: HTTPS takes a certificate and its key.')
  return { certFile, keyFile }
}

/** Network names stand in topics and URLs. */
export const NETWORK_NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/

function readNetwork(name: string): string {
  if (NETWORK_NAME.test(name)) return name
  throw new ConfigError(
    `--network must be 1 to 64 of a-z, 0-9, dot, dash, underscore, beginning with a letter or digit, not "${name}".`,
  )
}

function readIceServer(value: string): IceServer {
  const [urls, username, credential, ...rest] = value.split(',')
  if (!urls || !/^(stuns?|turns?):[^\s/]+$/.test(urls) || rest.length > 0) {
    throw new ConfigError(
      `--ice-server must look like stun:host:3478 or turn:host:3478,USER,PASSWORD, not "${urls ?? ''}".`,
    )
  }
  if (urls.startsWith('stun')) return { urls }
  if (!username || !credential) throw new ConfigError(`The TURN server ${urls} needs a user and a password.`)
  return { urls, username, credential }
}

function variableOf(name: FlagName): string {
  return `TABSWARM_${name.toUpperCase().replaceAll('-', '_')}`
}

function helpText(): string {
  const lines = Object.entries<Flag>(FLAGS).map(([name, flag]) => {
    const usage = `--${name}${flag.argument ? ` ${flag.argument}` : ''}`
    const fallback = flag.fallback === undefined ? '' : ` (default: ${flag.fallback})`
    return `  ${usage.padEnd(36)}${flag.help}${fallback}`
  })
  return [
    'Tabswarm relay: serves the page and lets its tabs find each other. It carries sealed messages and reads none.',
    '',
    'Usage: npm run relay -- [options]',
    '',
    ...lines,
    '',
    'Each option is also a variable: TABSWARM_PUBLIC_URL for --public-url, and so on.',
    '',
  ].join('\n')
}

/** A host as it stands in a URL: IPv6 in brackets. */
export function urlHost(host: string): string {
  return isIP(host) === 6 ? `[${host}]` : host
}
