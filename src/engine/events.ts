/** Something happened. Events announce; nobody steers by them. Names are Docker's (`GET /events`). */
export interface EngineEvent {
  type: 'container' | 'image' | 'network' | 'volume' | 'daemon';
  action: string;
  /** Id or name of the actor. */
  id: string;
  attributes: Record<string, string>;
  time: Date;
}

export interface EventService {
  emit(event: Omit<EngineEvent, 'time'>): void;
  /**
   * Past events from `since` on (the last 1,000 are kept), then live ones until `until` or the signal. A subscriber that does not
   * read loses its subscription (the iterable throws Unavailable) and never slows the engine down.
   */
  watch(options: { since?: Date; until?: Date; signal: AbortSignal }): AsyncIterable<EngineEvent>;
}
