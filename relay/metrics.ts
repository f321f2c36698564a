import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client'

/** Values that are read when somebody asks. */
export interface Readings {
  readonly connections: () => number
  readonly reservations: () => number
  readonly networks: () => number
  readonly webSocketBytes: () => { readonly received: number; readonly sent: number }
}

/** The relay's own registry; labels come from closed sets, so that no client can add a series or a text. */
export function createMetrics() {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry })
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[] = []) =>
    new Counter({ name: `tabswarm_relay_${name}`, help, labelNames, registers })
  return {
    registry,
    httpRequests: counter('http_requests_total', 'HTTP requests by kind and status', ['kind', 'status']),
    refusals: counter('refusals_total', 'WebSockets and HTTP requests refused, by reason', ['reason']),
    gossip: counter('gossip_messages_total', 'Gossip frames by kind and what they were found to be', [
      'kind',
      'finding',
    ]),
    relayedBytes: counter('relayed_bytes_total', 'Bytes carried between tabs over circuit relay'),
    relayedConnections: counter('relayed_connections_total', 'Connections made between tabs over circuit relay'),
    /** Called once, when the parts that are read exist. */
    read(readings: Readings): void {
      const gauge = (name: string, help: string, value: () => number) =>
        new Gauge({
          name: `tabswarm_relay_${name}`,
          help,
          registers,
          collect() {
            this.set(value())
          },
        })
      gauge('connections', 'WebSockets open now', readings.connections)
      gauge('reservations', 'Tabs that can be reached through this relay now', readings.reservations)
      gauge('networks', 'Networks that gossip through this relay now', readings.networks)
      new Counter({
        name: 'tabswarm_relay_websocket_bytes_total',
        help: 'Bytes of all WebSockets, by direction',
        labelNames: ['direction'],
        registers,
        collect() {
          const bytes = readings.webSocketBytes()
          this.reset()
          this.inc({ direction: 'received' }, bytes.received)
          this.inc({ direction: 'sent' }, bytes.sent)
        },
      })
    },
  }
}

export type RelayMetrics = ReturnType<typeof createMetrics>
