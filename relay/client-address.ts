import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'

/**
 * Whom a request counts against. IPv4: the address. IPv6: its /64, since one subscriber holds at least that much.
 * `X-Forwarded-For` is the client's to write; only its last entry, put there by our own proxy, can be believed,
 * and only where there is one.
 */
export function clientAddress(request: IncomingMessage, trustProxy: boolean): string {
  const socketAddress = request.socket.remoteAddress ?? 'unknown'
  if (!trustProxy) return addressGroup(socketAddress)
  const forwarded = String(request.headers['x-forwarded-for'] ?? '')
  const last = forwarded.split(',').at(-1)?.trim() ?? ''
  return addressGroup(isIP(last) ? last : socketAddress)
}

/** For logs: enough to see a pattern, too little to name a household. */
export function blurAddress(address: string): string {
  if (isIP(address) === 4) return address.replace(/\.\d+$/, '.0/24')
  return address.endsWith('/64') ? `${address.split(':').slice(0, 3).join(':')}::/48` : 'unknown'
}

/** What counts as one address: IPv4 whole, also where it is written as IPv6; of IPv6 the /64. */
export function addressGroup(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped) return mapped
  if (isIP(address) !== 6) return address
  return `${groupsOf(address).slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] {
  const [head = '', tail] = (address.split('%')[0] ?? '').split('::')
  const front = head === '' ? [] : head.split(':')
  const back = tail === undefined || tail === '' ? [] : tail.split(':')
  const gap = tail === undefined ? 0 : Math.max(0, 8 - front.length - back.length)
  return [...front, ...Array<string>(gap).fill('0'), ...back].map((group) =>
    group.replace(/^0+(?=.)/, '').toLowerCase(),
  )
}
