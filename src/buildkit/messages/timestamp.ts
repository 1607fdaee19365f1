import { int32, int64, type MessageOf, message, one } from '#grpc/message.ts';

/** google.protobuf.Timestamp */
export const timestamp = message({ seconds: one(1, int64), nanos: one(2, int32) });

export function timestampOf(date: Date): MessageOf<typeof timestamp> {
  const milliseconds = date.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds: BigInt(seconds), nanos: (milliseconds - seconds * 1000) * 1_000_000 };
}
