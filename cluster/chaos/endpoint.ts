/** Where a server listens for Redis clients. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
}
