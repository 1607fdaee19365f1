/** The syntax tree of a template. Positions are offsets in the template's text. */
export type Operand =
  | { kind: 'dot'; position: number }
  | { kind: 'nil'; position: number }
  | { kind: 'bool'; position: number; value: boolean }
  | {
      kind: 'number';
      position: number;
      text: string;
      isFloat: boolean;
      integer: bigint | undefined;
      float: number;
    }
  | { kind: 'string'; position: number; quoted: string; value: string }
  | { kind: 'field'; position: number; names: readonly string[] }
  | { kind: 'variable'; position: number; name: string; fields: readonly string[] }
  | { kind: 'identifier'; position: number; name: string }
  | { kind: 'chain'; position: number; operand: Operand; fields: readonly string[] }
  | Pipeline;

export interface Pipeline {
  kind: 'pipeline';
  position: number;
  /** `=` and not `:=`. */
  isAssignment: boolean;
  variables: readonly string[];
  commands: readonly Command[];
}

export interface Command {
  kind: 'command';
  position: number;
  operands: readonly Operand[];
}

export type Statement =
  | { kind: 'text'; position: number; text: string }
  | { kind: 'action'; position: number; pipeline: Pipeline }
  | {
      kind: 'if' | 'with' | 'range';
      position: number;
      pipeline: Pipeline;
      body: Statement[];
      otherwise: Statement[];
    }
  | { kind: 'template'; position: number; name: string; pipeline: Pipeline | undefined }
  | { kind: 'break' | 'continue'; position: number };

export type Node = Operand | Command | Statement;

/** A node as Go writes it in messages. */
export function format(node: Node): string {
  switch (node.kind) {
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'number':
      return node.text;
    case 'string':
      return node.quoted;
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return [node.name, ...node.fields].join('.');
    case 'identifier':
      return node.name;
    case 'chain': {
      const inner = format(node.operand);
      const head = node.operand.kind === 'pipeline' ? `(${inner})` : inner;
      return head + node.fields.map((name) => `.${name}`).join('');
    }
    case 'pipeline': {
      const commands = node.commands.map(format).join(' | ');
      if (node.variables.length === 0) return commands;
      return `${node.variables.join(', ')} ${node.isAssignment ? '=' : ':='} ${commands}`;
    }
    case 'command':
      return node.operands
        .map((operand) => (operand.kind === 'pipeline' ? `(${format(operand)})` : format(operand)))
        .join(' ');
    case 'text':
      return node.text;
    case 'action':
      return `{{${format(node.pipeline)}}}`;
    case 'if':
    case 'with':
    case 'range':
      return `{{${node.kind} ${format(node.pipeline)}}}`;
    case 'template':
      return `{{template ${JSON.stringify(node.name)}${node.pipeline === undefined ? '' : ` ${format(node.pipeline)}`}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
  }
}
