import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { RelayConfig } from './config.ts'

/** Where a browser finds this relay. */
export interface Origin {
  readonly secure: boolean
  /** A name or an address; IPv6 without brackets. */
  readonly host: string
  readonly port: number
}

const ALL_INTERFACES = ['0.0.0.0', '::']
const LOOPBACK = ['127.0.0.1', '::1']

const HOST_HEADER = /^(\[[0-9a-f:.]+\]|[a-z0-9._-]{1,253})(?::(\d{1,5}))?$/i

/**
 * The origin by which this request reached us: the public URL where one is configured, else what the headers say.
 * Null when they say nothing usable.
 */
export function originOf(request: IncomingMessage, config: RelayConfig): Origin | null {
  if (config.publicUrl) return originOfUrl(config.publicUrl)
  const forwarded = (name: string) =>
    config.trustProxy
      ? String(request.headers[name] ?? '')
          .split(',')
          .at(-1)
          ?.trim() || null
      : null
  const secure = (forwarded('x-forwarded-proto') ?? (config.tls ? 'https' : 'http')) === 'https'
  const match = HOST_HEADER.exec(forwarded('x-forwarded-host') ?? request.headers.host ?? '')
  if (!match?.[1]) return null
  return { secure, host: unbracket(match[1]), port: Number(match[2] ?? (secure ? 443 : 80)) }
}

export function originOfUrl(url: URL): Origin {
  const secure = url.protocol === 'https:'
  return { secure, host: unbracket(url.hostname), port: Number(url.port || (secure ? 443 : 80)) }
}

/** The libp2p address of that origin, without peer id: `/dns4/host/tcp/443/tls/ws` and the like. */
export function multiaddrOf({ secure, host, port }: Origin): string {
  const kind = isIP(host) === 4 ? 'ip4' : isIP(host) === 6 ? 'ip6' : 'dns4'
  return `/${kind}/${host}/tcp/${port}${secure ? '/tls/ws' : '/ws'}`
}

/** The WebSocket source of that origin, for a Content-Security-Policy. */
export function webSocketSource({ secure, host, port }: Origin): string {
  const name = isIP(host) === 6 ? `[${host}]` : host
  const usual = port === (secure ? 443 : 80)
  return `${secure ? 'wss' : 'ws'}://${name}${usual ? '' : `:${port}`}`
}

/**
 * Origins that the relay announces in reservations. Tabs dial the relay by `/config.json`; these are what they tell
 * each other, and libp2p falls back on them when it reconnects by itself.
 */
export function announcedOrigins(config: RelayConfig, port: number): Origin[] {
  if (config.publicUrl) return [originOfUrl(config.publicUrl)]
  const secure = config.tls !== null
  const everywhere = config.host === undefined || ALL_INTERFACES.includes(config.host)
  const hosts = [browsableHost(config.host), ...(everywhere ? lanAddresses().slice(0, 3) : [])]
  return hosts.map((host) => ({ secure, host, port }))
}

/** Browsers take localhost for a secure context; an address of all interfaces they cannot even open. */
export function browsableHost(host: string | undefined): string {
  return host === undefined || ALL_INTERFACES.includes(host) || LOOPBACK.includes(host) ? 'localhost' : host
}

function lanAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && !address.internal)
    .map((address) => address.address)
}

function unbracket(host: string): string {
  return host.replace(/^\[(.*)\]$/, '$1')
}
