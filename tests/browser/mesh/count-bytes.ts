/** Counts what this page receives. Imported before libp2p, which takes the browser's classes when it is loaded. */
const connections: RTCPeerConnection[] = []
let fromRelayBytes = 0
window.RTCPeerConnection = class extends RTCPeerConnection {
  constructor(configuration?: RTCConfiguration) {
    super(configuration)
    connections.push(this)
  }
}
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(url, protocols)
    this.addEventListener('message', ({ data }) => (fromRelayBytes += (data as ArrayBuffer).byteLength))
  }
}

/** Bytes received so far from other tabs and from the relay. */
export async function received(): Promise<number> {
  let bytes = fromRelayBytes
  for (const connection of connections) {
    for (const report of (await connection.getStats()).values()) {
      if (report.type === 'data-channel') bytes += report.bytesReceived
    }
  }
  return bytes
}
