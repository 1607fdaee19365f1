import type { SourceRange } from '#build/dockerfile/source.ts';
import type { PlannedOrigin } from '#build/plan/plan.ts';
import type { Planned } from '#build/testing/plan-fixture.ts';

/** What a Dockerfile means, as lines that can be compared and read: instructions, steps, configuration, findings. */
export function dumpPlanned({ dockerfile, plan, evaluated, target, checks }: Planned): string {
  const { directives, globalArgs, stages } = dockerfile;
  const lines: string[] = ['# directives', json(directives), '# instructions'];
  for (const instruction of [
    ...globalArgs,
    ...stages.flatMap((stage) => [stage.from, ...stage.instructions]),
  ]) {
    const { range, keyword: _keyword, type, text: _text, comments, ...rest } = instruction;
    const about = comments.length > 0 ? { ...rest, comments } : rest;
    lines.push(`${place(range)} ${type} ${json(about)}`);
  }
  for (const stage of plan.stages) {
    lines.push(`# stage ${stage.source.name ?? stage.source.index} on ${origin(stage.base)}`);
    for (const step of evaluated.get(stage)?.steps ?? []) {
      const { source: _source, range, title, createdBy: _createdBy, kind, ...rest } = step;
      lines.push(`${place(range)} ${kind} | ${title} | ${json(rest)}`);
    }
  }
  lines.push('# config', json(target.config), '# findings');
  for (const { rule, message, range } of checks.findings()) lines.push(`${place(range)} ${rule}: ${message}`);
  return `${lines.join('\n')}\n`;
}

function place({ start, end }: SourceRange): string {
  return start.line === end.line ? `${start.line}` : `${start.line}-${end.line}`;
}

function origin(from: PlannedOrigin): string {
  if (from.kind === 'image') return from.image.reference;
  if (from.kind === 'context') return `context ${from.name}`;
  return from.kind === 'stage' ? `stage ${from.stage.source.name ?? from.stage.source.index}` : 'scratch';
}

function json(value: unknown): string {
  return JSON.stringify(value, (key, field: unknown) => {
    if (field instanceof Map) return Object.fromEntries(field);
    if (key === 'from' && typeof field === 'object' && field !== null && 'kind' in field) {
      return origin(field as PlannedOrigin);
    }
    if (typeof field === 'object' && field !== null && 'text' in field && 'range' in field) return field.text;
    return key === 'range' ? undefined : field;
  });
}
