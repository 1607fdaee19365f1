import { bitsOf, lastAddress, parseSubnet, type Subnet } from '#network/addresses/ip.ts';

/** A range of addresses that is cut into subnets of one size. */
export interface SubnetSource {
  base: Subnet;
  /** Prefix length of the subnets. */
  prefixLength: number;
}

/** `base,prefix-length`, such as `10.0.0.0/8,22`. undefined when it is not one. */
export function parseSubnetSource(text: string): SubnetSource | undefined {
  const [baseText = '', lengthText = ''] = text.split(',');
  const base = parseSubnet(baseText);
  const prefixLength = Number(lengthText);
  if (base === undefined || !/^\d{1,3}$/.test(lengthText)) return undefined;
  return prefixLength < base.prefixLength || prefixLength > bitsOf(base.family)
    ? undefined
    : { base, prefixLength };
}

/** All subnets of all sources, in order. */
export function* subnetsOf(sources: readonly SubnetSource[]): Generator<Subnet> {
  for (const { base, prefixLength } of sources) {
    const { family } = base;
    const step = 1n << BigInt(bitsOf(family) - prefixLength);
    for (let value = base.value; value <= lastAddress(base); value += step)
      yield { family, value, prefixLength };
  }
}
