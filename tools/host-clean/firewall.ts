import { execFileSync } from 'node:child_process';

/** One object of `nft -j list ruleset`: `{ table: {…} }`, `{ chain: {…} }`, `{ map: { elem: […] } }` and so on. */
type NftObject = Record<string, NftBody>;

interface NftBody {
  family?: string;
  table?: string;
  chain?: string;
  name?: string;
  handle?: number;
  expr?: unknown;
  elem?: unknown[];
}

/** Tables, chains, rules, sets and each element of a set or map, one line each. */
export function readFirewall(): string[] {
  const text = execFileSync('nft', ['-j', 'list', 'ruleset'], {
    encoding: 'utf8',
    maxBuffer: 256 << 20,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return describeRuleset(JSON.parse(text).nftables);
}

export function describeRuleset(ruleset: readonly NftObject[]): string[] {
  return ruleset.flatMap((object) => {
    const [kind = '', body = {}] = Object.entries(object)[0] ?? [];
    if (kind === 'metainfo') return [];
    if (kind === 'table') return [`nft table ${body.family} ${body.name}`];
    const owner = `${body.family} ${body.table}`;
    if (kind === 'rule') return [`nft rule in ${owner} ${body.chain}: ${withoutCounters(body.expr)}`];
    const line = `nft ${kind} ${owner} ${body.name}`;
    return [
      line,
      ...(body.elem ?? []).map((element) => `nft element of ${owner} ${body.name}: ${text(element)}`),
    ];
  });
}

/** Counters grow while nothing leaks. */
function withoutCounters(expression: unknown): string {
  return JSON.stringify(expression, (key, value) =>
    key === 'packets' || key === 'bytes' ? undefined : value,
  );
}

function text(element: unknown): string {
  return JSON.stringify(element, (key, value) =>
    key === 'packets' || key === 'bytes' || key === 'expires' ? undefined : value,
  );
}
