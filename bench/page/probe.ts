import type { MessageType } from '#core/protocol/messages.ts'

/**
 * What the bench reads from a page. Evaluated before anything of the page's own, so that no connection is missed.
 */
export interface Probe {
  /** When things first happened, in ms since the navigation began. */
  readonly marks: Record<string, number>
  mark(name: string): void
  received(): Promise<Received>
  /** Every frame that this page published or that gossip delivered to it; set once the mesh is there. */
  statements(): readonly Statement[]
}

/** Bytes since the page began, as the browser counts them. */
export interface Received {
  /** Of all WebRTC connections: data channels with SCTP and DTLS around them, acknowledgements included. */
  readonly direct: number
  /** Of these, what data channels that are open now carried. */
  readonly payload: number
  /** Of the relay's WebSocket. */
  readonly relay: number
}

export interface Statement {
  readonly atMs: number
  readonly own: boolean
  readonly bytes: number
  readonly type: MessageType
  /** Null for presence. */
  readonly session: string | null
  /** Where it says how long a model worked, in ms. */
  readonly workedMs: number
}

declare global {
  interface Window {
    bench: Probe
  }
}

const marks: Record<string, number> = {}
const mark = (name: string) => {
  marks[name] ??= performance.now()
}
mark('script')

const connections = new Set<RTCPeerConnection>()
let relayBytes = 0

window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    connections.add(this)
  }
}

window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    this.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
      relayBytes += data.byteLength
    })
  }
}

async function received(): Promise<Received> {
  const reports = await Promise.all([...connections].map((connection) => connection.getStats()))
  const stats = reports.flatMap((report) => [...report.values()] as RTCTransportStats[])
  const sum = (type: string) =>
    stats.filter((each) => String(each.type) === type).reduce((total, each) => total + (each.bytesReceived ?? 0), 0)
  return { direct: sum('transport'), payload: sum('data-channel'), relay: relayBytes }
}

window.bench = { marks, mark, received, statements: () => [] }
