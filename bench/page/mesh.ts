import { createLibp2pMesh as createRealMesh, type Libp2pMeshInit } from '#adapters/libp2p/mesh.ts'
import { decodeEnvelope } from '#core/protocol/envelope.ts'
import type { Logger } from '#ports/logger.ts'
import type { Mesh } from '#ports/mesh.ts'
import type { Statement } from './probe.ts'

interface Seen {
  readonly atMs: number
  readonly own: boolean
  readonly frame: Uint8Array
}

/** The real mesh, with every frame noted as it passes the port. Frames are decoded when asked for, not on the way. */
export async function createLibp2pMesh(init: Libp2pMeshInit): Promise<Mesh> {
  const { bench } = window
  const seen: Seen[] = []
  bench.mark('identity')
  const mesh = await createRealMesh({ ...init, logger: marking(init.logger) })
  const { publish, subscribe } = mesh
  mesh.publish = (frame) => {
    seen.push({ atMs: performance.now(), own: true, frame })
    return publish.call(mesh, frame)
  }
  mesh.subscribe = (validate, deliver) =>
    subscribe.call(mesh, validate, (frame) => {
      bench.mark('first gossip')
      seen.push({ atMs: performance.now(), own: false, frame })
      deliver(frame)
    })
  bench.statements = () => seen.flatMap((each) => read(each, init.network))
  return mesh
}

function marking(logger: Logger): Logger {
  return {
    ...logger,
    log(level, event, fields = {}) {
      if (event === 'mesh:relay' && fields['state'] === 'connected') window.bench.mark('relay')
      if (event === 'mesh:relay' && fields['reserved'] === true) window.bench.mark('reservation')
      if (event === 'mesh:gossip-peer') window.bench.mark('gossip peer')
      if (event === 'mesh:links' && Number(fields['direct']) > 0) window.bench.mark('direct link')
      logger.log(level, event, fields)
    },
  }
}

function read({ atMs, own, frame }: Seen, network: string): Statement[] {
  const decoded = decodeEnvelope(frame, network)
  if (!decoded.ok) return []
  const { message } = decoded.envelope
  return [
    {
      atMs,
      own,
      bytes: frame.byteLength,
      type: message.type,
      session: 'session' in message ? message.session : null,
      workedMs: 'durationMs' in message ? message.durationMs : 0,
    },
  ]
}
