export * from "./client-errors.js";
export {
  CLIENT_BODY_TIMEOUT_MS,
  CLIENT_CONNECTIONS_MAX,
  CLIENT_HEAD_TIMEOUT_MS,
  CLIENT_IDLE_TIMEOUT_MS,
  CLIENT_UNREAD_TIMEOUT_MS,
  CLIENT_WAITING_MAX,
  CLIENT_WRITE_TIMEOUT_MS,
  CONTINUE_TIMEOUT_MS,
  type HttpClientOptions,
  type HttpOrigin,
  KEEP_ALIVE_MARGIN_MS,
  RESPONSE_BODY_BYTES_MAX,
} from "./client-options.js";
export type { HttpClientStats } from "./client-pool.js";
export * from "./client-response.js";
export * from "./http-client.js";
export { BODY_HIGH_BYTES, HttpClientBody } from "./incoming-body.js";
export type { OutgoingFields } from "./outgoing-fields.js";
export type {
  HttpInformation,
  HttpRequestOptions,
  HttpUpgradeOptions,
  OutgoingBody,
} from "./outgoing-request.js";
export { DISCARD_BYTES_MAX, DISCARD_MS, INFORMATION_MAX } from "./response-intake.js";
