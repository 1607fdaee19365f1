import { formatFloat } from '#cli/output/template/print.ts';

const decimalUnits = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const binaryUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/** Bytes in powers of 1000, as go-units' HumanSizeWithPrecision: `1.234MB` with four digits, `1.23MB` with three. */
export function humanSize(sizeBytes: number, digits = 4): string {
  return scale(sizeBytes, 1000, decimalUnits, digits);
}

/** Bytes in powers of 1024, as go-units' BytesSize: `15.52GiB`. */
export function humanBinarySize(sizeBytes: number): string {
  return scale(sizeBytes, 1024, binaryUnits, 4);
}

function scale(sizeBytes: number, base: number, units: readonly string[], digits: number): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= base && unit < units.length - 1) {
    size /= base;
    unit++;
  }
  const sign = size < 0 ? '-' : '';
  return `${sign}${formatFloat(Math.abs(size), 'g', digits)}${units[unit]}`;
}
