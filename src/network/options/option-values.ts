import { DhowError } from '#errors/error.ts';

/** What the drivers' options have in common. */
export type DriverOptions = Readonly<Record<string, string>>;

export const mtuOption = 'com.docker.network.driver.mtu';

/** @throws Unsupported */
export function refuseUnknown(options: DriverOptions, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new DhowError(
    'Unsupported',
    `driver option "${unknown.slice(0, 100)}" is not supported; known are ${known.join(', ')}`,
  );
}

/** undefined when it is not given. @throws InvalidParameter */
export function parseMtu(options: DriverOptions): number | undefined {
  const text = options[mtuOption];
  if (text === undefined || text === '') return undefined;
  const mtu = Number(text);
  // 68: the least that IPv4 demands (RFC 791); 65535: the largest packet.
  if (/^\d+$/.test(text) && mtu >= 68 && mtu <= 65_535) return mtu;
  throw wrongOption(mtuOption, text, 'a number from 68 to 65535');
}

/** One of the keys of `choices`. @throws InvalidParameter */
export function parseChoice<Choice extends string>(
  options: DriverOptions,
  name: string,
  choices: Readonly<Record<Choice, unknown>>,
  byDefault: Choice,
): Choice {
  const text = options[name] || byDefault;
  const chosen = (Object.keys(choices) as Choice[]).find((choice) => choice === text);
  if (chosen !== undefined) return chosen;
  throw wrongOption(name, text, `one of ${Object.keys(choices).join(', ')}`);
}

export function wrongOption(name: string, value: string, wanted: string): DhowError {
  return new DhowError(
    'InvalidParameter',
    `invalid value "${value.slice(0, 60)}" of ${name}: it must be ${wanted}`,
  );
}
