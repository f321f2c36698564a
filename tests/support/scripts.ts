import { needsForSize } from '#core/session/draw.ts'
import type { SessionMessage } from '#core/protocol/messages.ts'
import { SessionSwarm, type ActorOptions, type Happening } from './session-pair.ts'

/**
 * Sessions as scripts, one command a line:
 *
 *   swarm a b c/mine d:2000        nodes; `/` gives an operator, `:` the ms that an answer takes
 *   ask a "2+2" [2/2]              with so many executors and verifiers, else as usual for the swarm
 *   drop b->c · heal b->c          from now on, what b says does not reach c
 *   advance 500ms                  or `advance 3s`
 *   leave b · vanish b             with a good-bye, or without
 *   gone b                         the others notice that b has vanished
 *   break b                        its engine fails from now on
 *   cancel a · reload a · latency 50ms
 */
export function runScript(script: string): string {
  const lines: string[] = []
  let swarm = new SessionSwarm({})
  for (const command of script.split('\n').map((line) => line.trim())) {
    if (command === '' || command.startsWith('#')) continue
    lines.push(`> ${command}`)
    const [verb = '', ...words] = command.split(/ +(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    if (verb === 'swarm') {
      swarm = new SessionSwarm(Object.fromEntries(words.map(memberOf)))
      const current = swarm
      swarm.observe = (by, what) => {
        const line = describe(current, what)
        if (line) lines.push(`${String(current.now).padStart(6)} ${by}  ${line}`)
      }
    } else run(swarm, verb, words)
  }
  return `${lines.join('\n')}\n`
}

function memberOf(word: string): [string, ActorOptions] {
  const [, name = '', operator, ms] = /^(\w+)(?:\/(\w+))?(?::(\d+))?$/.exec(word) ?? []
  return [name, { ...(operator ? { operator } : {}), ...(ms ? { generateMs: Number(ms), judgeMs: Number(ms) } : {}) }]
}

function run(swarm: SessionSwarm, verb: string, words: string[]): void {
  const [name = '', second = ''] = words
  switch (verb) {
    case 'ask':
      return ask(swarm, name, second, words[2])
    case 'drop':
    case 'heal': {
      const [from = '', to = ''] = name.split('->')
      return verb === 'drop' ? swarm.cut(from, to) : swarm.heal(from, to)
    }
    case 'advance':
      return swarm.advance(msOf(name))
    case 'latency':
      swarm.latencyMs = msOf(name)
      return
    case 'leave':
      return swarm.kill(name)
    case 'vanish':
      return swarm.kill(name, false)
    case 'gone':
      return swarm.tellOthers(name, 'node-gone')
    case 'break':
      swarm.broken.add(name)
      return
    case 'cancel':
      return swarm.cancel(name)
    case 'reload':
      return swarm.reload(name)
    default:
      throw new Error(`no such command: ${verb}`)
  }
}

function ask(swarm: SessionSwarm, name: string, text: string, wanted: string | undefined): void {
  const [executors, verifiers] = (wanted ?? '').split('/').map(Number)
  const usual = needsForSize(swarm.actors.size) ?? { executors: 1, verifiers: 1 }
  const needs = executors && verifiers ? { executors, verifiers } : usual
  swarm.ask(name, text.replaceAll('"', ''), needs)
}

function msOf(duration: string): number {
  const [, amount, unit] = /^(\d+)(ms|s)$/.exec(duration) ?? []
  return Number(amount) * (unit === 's' ? 1000 : 1)
}

function describe(swarm: SessionSwarm, what: Happening): string | null {
  if (what.type === 'said') return describeMessage(swarm, what.message)
  if (what.type === 'job') return what.job.kind === 'generate' ? '(answers)' : `(judges ${what.job.answers.length})`
  if (what.event.type === 'ended') return `= ${what.event.outcome}`
  return what.event.type === 'refused' && what.event.reason !== 'duplicate' ? `(refuses: ${what.event.reason})` : null
}

function describeMessage(swarm: SessionSwarm, message: SessionMessage): string {
  const named = (nodes: readonly string[]) => nodes.map((node) => swarm.nameOf(node as never)).join(' ')
  // The first of equal names stands: digests of one session differ.
  const by = (digest: string) => {
    const said = swarm.said.find(({ entry }) => entry.digest === digest)
    return said ? `${said.by}'s ${said.entry.message.type}` : 'something unknown'
  }
  const author = (digest: string) =>
    swarm.said.find(({ entry: { message: m } }) => m.type === 'result-revealed' && m.answer.digest === digest)?.by ??
    '?'
  switch (message.type) {
    case 'session-opened':
      return `session-opened: invites ${named(message.invited)}, needs ${message.needs.executors}/${message.needs.verifiers}`
    case 'session-joined':
      return `session-joined`
    case 'roles-assigned':
      return `roles-assigned: ${named(message.executors)} answer, ${named(message.verifiers)} judge`
    case 'role-replaced':
      return `role-replaced: ${message.slot.role} ${message.slot.index} from ${named([message.from])} to ${named([message.to])}`
    case 'seat-declined':
    case 'result-committed':
    case 'scores-committed':
      return `${message.type}: ${message.slot.role} ${message.slot.index}`
    case 'result-revealed':
      return `result-revealed: ${JSON.stringify(message.answer.text)}`
    case 'scores-revealed':
      return `scores-revealed: ${message.scores
        .map(({ answer, score }) => `${author(answer)} ${score}`)
        .sort()
        .join(', ')}`
    case 'commitments-closed':
      return `commitments-closed: term ${message.term}, ${message.role}, ${message.commitments.length} count`
    case 'verdict-reached': {
      const { ranking, margin, independence, doubtful } = message.verdict
      const places = ranking
        .map(({ node, aggregate, judges }) => `${named([node])} ${aggregate} by ${judges}`)
        .join(', ')
      const doubts = doubtful.length > 0 ? `, doubts: ${doubtful.join(' ')}` : ''
      const independent = `${independence.independentVerifiers} of ${independence.verifiers} independent`
      return `verdict-reached: term ${message.term}, ${places}, margin ${margin}, ${independent}${doubts}`
    }
    case 'objection':
      return `objection: ${message.reason} in ${by(message.verdict)}`
    case 'session-cancelled':
      return 'session-cancelled'
    case 'session-closed':
      return `session-closed: ${message.outcome}`
  }
}
