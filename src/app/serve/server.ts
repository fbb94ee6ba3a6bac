// The server as whoever runs it sees it (serve.ts).

import type { ServerStatus } from '../admin/status.ts';
import type { ReloadReport } from '../zones/reload.ts';
import type { Trigger } from '../zones/zone-listing.ts';
import type { ServerPartsOptions } from './server-parts.ts';

export interface ServerOptions extends ServerPartsOptions {
  /** Called after each reload that a save of a file brought about. */
  readonly onReload?: (report: ReloadReport) => void;
  /** Another process answers in this one's place: its number. */
  readonly onGiven?: (processId: number) => void;
  /** That process knows all that this one did: it is to be stopped. */
  readonly onOver?: () => void;
}

export type StartReport =
  | { readonly kind: 'serving'; readonly reload: ReloadReport }
  /** No zone could be served, and everything is closed again. */
  | { readonly kind: 'nothing-served'; readonly reload: ReloadReport };

export interface Server {
  /**
   * Settles once every socket is open. Rejects with BindError when DNS or the status page cannot be opened, with
   * FileError when the state folder cannot be used, with either that or TlsError when there is no certificate to begin
   * with, with TransferKeysError when there are no keys; nothing is left open then.
   */
  start(): Promise<StartReport>;
  /** Reads the zone files again. Calls while one waits share it. */
  reload(trigger: Trigger): Promise<ReloadReport>;
  status(): ServerStatus;
  /** Resolves once everything that answers has taken a turn; rejects where a part of it has just ended. */
  ping(): Promise<void>;
  /** Closes everything; safe twice, and waits. */
  stop(): Promise<void>;
}
