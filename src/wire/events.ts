/** One line of `GET /events`. The lower-case fields `status`, `id` and `from` are sent to API versions before 1.52. */
export interface EventMessage {
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local' | 'swarm';
  /** Seconds since the epoch. */
  time: number;
  /** Nanoseconds since the epoch; larger than a double holds exactly. */
  timeNano: number;
  status?: string;
  id?: string;
  from?: string;
}
