import { ProtoWriter } from './protobuf.ts'

/** ONNX's numbers for element types (onnx.proto, `TensorProto.DataType`). */
export const ELEMENT = { float32: 1, int32: 6, int64: 7 } as const
export type Element = keyof typeof ELEMENT

/** A number for a fixed size, a name for one that differs from run to run. */
export type Dimension = number | string

/** Weights lie beside the graph: a message of protocol buffers holds 2 GiB at most, and is copied when it is read. */
export interface ExternalWeight {
  readonly name: string
  readonly values: Float32Array<ArrayBuffer>
}

export interface OnnxModel {
  readonly graph: Uint8Array<ArrayBuffer>
  readonly weights: readonly ExternalWeight[]
}

/** An integer, a float where the operator wants one, or a text. */
type Attribute = { readonly integer: number } | { readonly float: number }

const IR_VERSION = 8
const OPSET = 18
/** onnxruntime's own operators (github.com/microsoft/onnxruntime, docs/ContribOperators.md). */
export const MICROSOFT = 'com.microsoft'

/** Builds an ONNX model (github.com/onnx/onnx, onnx.proto3) of float32 weights. Values are named by their producers. */
export class OnnxGraph {
  readonly #nodes: ProtoWriter[] = []
  readonly #initializers: ProtoWriter[] = []
  readonly #inputs: ProtoWriter[] = []
  readonly #outputs: ProtoWriter[] = []
  readonly #weights: ExternalWeight[] = []

  input(name: string, element: Element, dimensions: readonly Dimension[]): string {
    this.#inputs.push(valueInfo(name, element, dimensions))
    return name
  }

  output(name: string, element: Element, dimensions: readonly Dimension[]): void {
    this.#outputs.push(valueInfo(name, element, dimensions))
  }

  weight(name: string, dimensions: readonly number[], values: Float32Array<ArrayBuffer>): string {
    const tensor = new ProtoWriter()
    for (const dimension of dimensions) tensor.integer(1, dimension)
    tensor.integer(2, ELEMENT.float32).text(8, name)
    const place = { location: name, offset: '0', length: String(values.byteLength) }
    for (const [key, value] of Object.entries(place)) tensor.message(13, new ProtoWriter().text(1, key).text(2, value))
    this.#initializers.push(tensor.integer(14, 1))
    this.#weights.push({ name, values })
    return name
  }

  /** Adds an operator. Returns the name of its first output; an empty input name is one left out. */
  node(
    operator: string,
    inputs: readonly string[],
    outputs: string | readonly string[],
    { domain = '', attributes = {} }: { domain?: string; attributes?: Readonly<Record<string, Attribute>> } = {},
  ): string {
    const names = typeof outputs === 'string' ? [outputs] : outputs
    const node = new ProtoWriter()
    for (const name of inputs) node.text(1, name)
    for (const name of names) node.text(2, name)
    node.text(3, names[0] ?? operator).text(4, operator)
    for (const [name, attribute] of Object.entries(attributes)) node.message(5, attributeOf(name, attribute))
    if (domain !== '') node.text(7, domain)
    this.#nodes.push(node)
    return names[0] ?? ''
  }

  finish(): OnnxModel {
    const graph = new ProtoWriter()
    for (const node of this.#nodes) graph.message(1, node)
    graph.text(2, 'tabswarm')
    for (const initializer of this.#initializers) graph.message(5, initializer)
    for (const input of this.#inputs) graph.message(11, input)
    for (const output of this.#outputs) graph.message(12, output)
    const model = new ProtoWriter()
      .integer(1, IR_VERSION)
      .message(7, graph)
      .message(8, new ProtoWriter().text(1, '').integer(2, OPSET))
      .message(8, new ProtoWriter().text(1, MICROSOFT).integer(2, 1))
    return { graph: model.finish(), weights: this.#weights }
  }
}

function attributeOf(name: string, attribute: Attribute): ProtoWriter {
  const writer = new ProtoWriter().text(1, name)
  return 'float' in attribute
    ? writer.float(2, attribute.float).integer(20, 1)
    : writer.integer(3, attribute.integer).integer(20, 2)
}

function valueInfo(name: string, element: Element, dimensions: readonly Dimension[]): ProtoWriter {
  const shape = new ProtoWriter()
  for (const dimension of dimensions) {
    const size = new ProtoWriter()
    shape.message(1, typeof dimension === 'number' ? size.integer(1, dimension) : size.text(2, dimension))
  }
  const tensor = new ProtoWriter().integer(1, ELEMENT[element]).message(2, shape)
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor))
}
