import type { Metrics, Stream } from '@libp2p/interface'
import type { RelayMetrics } from './metrics.ts'

const HOP = '/libp2p/circuit/relay/0.2.0/hop'
const STOP = '/libp2p/circuit/relay/0.2.0/stop'

/**
 * The slice of libp2p's metrics that a relay's owner asks for: bytes carried between tabs. A relayed connection is a
 * hop stream from the caller joined to a stop stream to the callee; what arrives on either is passed on to the other.
 */
export function circuitMetrics(metrics: Pick<RelayMetrics, 'relayedBytes' | 'relayedConnections'>): Metrics {
  const ignored = { increment() {}, decrement() {}, update() {}, observe() {}, reset() {}, timer: () => () => {} }
  const register = () => ignored as never
  return {
    trackMultiaddrConnection() {},
    trackProtocolStream(stream: Stream) {
      if (stream.protocol === STOP) metrics.relayedConnections.inc()
      if (stream.protocol !== STOP && stream.protocol !== HOP) return
      stream.addEventListener('message', (event) => metrics.relayedBytes.inc(event.data.byteLength))
    },
    registerMetric: register,
    registerMetricGroup: register,
    registerCounter: register,
    registerCounterGroup: register,
    registerHistogram: register,
    registerHistogramGroup: register,
    registerSummary: register,
    registerSummaryGroup: register,
    traceFunction: <F>(_name: string, traced: F) => traced,
    createTrace: () => undefined,
  }
}
