import { DhowError } from '#errors/error.ts';
import { type IdMapping, rootOutside, toInside, toOutside } from '#sys/id-mapping.ts';

const capabilityAttribute = 'security.capability';
/** <linux/capability.h>: the last version has the user of the host who is root where the capabilities hold. */
const revisionMask = 0xff000000;
const revision2 = 0x02000000;
const revision3 = 0x03000000;
const revision2Bytes = 20;
const revision3Bytes = 24;

interface Owned {
  uid: number;
  gid: number;
}

type Xattrs = ReadonlyMap<string, Buffer>;

/** Owners as they are in the user namespace of a file system's container. */
export function ownersInside<Node extends Owned>(node: Node, mapping: IdMapping | undefined): Node {
  if (mapping === undefined) return node;
  return { ...node, uid: toInside(mapping.uids, node.uid), gid: toInside(mapping.gids, node.gid) };
}

/** The reverse. @throws InvalidParameter for an owner whom the namespace does not have */
export function ownersOutside<Node extends Owned & { name: string; xattrs: Xattrs }>(
  node: Node,
  mapping: IdMapping | undefined,
): Node {
  if (mapping === undefined) return node;
  const uid = toOutside(mapping.uids, node.uid);
  const gid = toOutside(mapping.gids, node.gid);
  if (uid === undefined || gid === undefined) {
    throw new DhowError(
      'InvalidParameter',
      `${JSON.stringify(node.name.slice(0, 300))} belongs to ${node.uid}:${node.gid}, whom the user namespace of the container does not have`,
    );
  }
  return { ...node, uid, gid, xattrs: xattrsOutside(node.xattrs, rootOutside(mapping).uid) };
}

/** A file's capabilities that hold in the namespace are in an archive as they would be outside of any. */
export function xattrInside(name: string, value: Buffer, mapping: IdMapping | undefined): Buffer {
  if (mapping === undefined || name !== capabilityAttribute || value.length !== revision3Bytes) return value;
  const head = value.readUInt32LE(0);
  const ofRoot = value.readUInt32LE(revision2Bytes) === rootOutside(mapping).uid;
  if ((head & revisionMask) >>> 0 !== revision3 || !ofRoot) return value;
  const inside = Buffer.from(value.subarray(0, revision2Bytes));
  inside.writeUInt32LE(((head & ~revisionMask) | revision2) >>> 0, 0);
  return inside;
}

function xattrsOutside(xattrs: Xattrs, root: number): Xattrs {
  const value = xattrs.get(capabilityAttribute);
  if (value?.length !== revision2Bytes) return xattrs;
  const head = value.readUInt32LE(0);
  const outside = Buffer.alloc(revision3Bytes);
  value.copy(outside);
  outside.writeUInt32LE(((head & ~revisionMask) | revision3) >>> 0, 0);
  outside.writeUInt32LE(root, revision2Bytes);
  return new Map([...xattrs, [capabilityAttribute, outside]]);
}
