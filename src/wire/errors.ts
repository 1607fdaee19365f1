/**
 * Body of every answer with a status of 400 or more. Docker has `message` only; `kind` and `reason` are Dhow's and let a
 * client decide without reading English.
 */
export interface ErrorResponse {
  message: string;
  kind?: string;
  reason?: string;
}
