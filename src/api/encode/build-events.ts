import type { BuildEvent } from '#engine/builds.ts';
import { type BuildEventMessage, buildEventId } from '#wire/build.ts';
import type { ProgressMessage } from '#wire/progress.ts';

/** Events as they are, for Dhow's own CLI, which shows steps side by side. */
export function createEventEncoder(): (event: BuildEvent) => ProgressMessage[] {
  const decoders = new Map<string, TextDecoder>();

  function textOf(step: number, stream: string, bytes: Uint8Array): string {
    const key = `${step} ${stream}`;
    const decoder = decoders.get(key) ?? new TextDecoder();
    decoders.set(key, decoder);
    return decoder.decode(bytes, { stream: true });
  }

  function encode(event: BuildEvent): BuildEventMessage {
    switch (event.type) {
      case 'log': {
        const { step, stream, bytes } = event;
        return { type: 'log', step, stream, text: textOf(step, stream, bytes) };
      }
      case 'started':
      case 'done':
      case 'failed':
      case 'cancelled':
        return { ...event, at: event.at.getTime() };
      default:
        return event;
    }
  }

  return (event) => {
    const message: ProgressMessage = { id: buildEventId, aux: encode(event) };
    return event.type === 'image' ? [message, { aux: { ID: event.id } }] : [message];
  };
}
