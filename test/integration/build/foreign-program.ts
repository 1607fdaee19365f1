/** A static program for arm64 (ELF, 64 bits, little endian) that prints a text and ends. */
export function arm64Program(text: string): Buffer {
  const message = Buffer.from(text);
  const code = Buffer.alloc(8 * 4);
  const instructions = [
    0xd2800020, // mov x0, #1
    0x100000e1, // adr x1, the text after the code
    0xd2800002 | (message.length << 5), // mov x2, #length
    0xd2800808, // mov x8, #64 (write)
    0xd4000001, // svc #0
    0xd2800000, // mov x0, #0
    0xd2800ba8, // mov x8, #93 (exit)
    0xd4000001, // svc #0
  ];
  for (const [index, instruction] of instructions.entries()) code.writeUInt32LE(instruction >>> 0, index * 4);
  const headerBytes = 64 + 56;
  const base = 0x400000n;
  const size = BigInt(headerBytes + code.length + message.length);
  const header = Buffer.alloc(headerBytes);
  header.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(183, 18); // AArch64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(headerBytes), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt32LE(1, 64); // PT_LOAD
  header.writeUInt32LE(5, 68); // readable, executable
  header.writeBigUInt64LE(base, 80);
  header.writeBigUInt64LE(base, 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x10000n, 112);
  return Buffer.concat([header, code, message]);
}
