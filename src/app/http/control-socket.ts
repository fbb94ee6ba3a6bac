// A socket on which one of our HTTP services listens, had from elsewhere.

export interface ControlSocket {
  /** The real one. */
  readonly port: number;
  /** Resolves when connections may be accepted. */
  readonly begun: Promise<void>;
  hasBegun(): boolean;
  /** A descriptor for a server to have and to close. Throws `SystemCallError`. */
  lend(): number;
}
