// What is answered over HTTP beside the tracker: the admin address, and the rewriting service, there and on an address of
// its own. Opened and closed as one.

import type { Counters } from '../../core/counters.ts';
import type { SocketAddress } from '../../core/net/endpoint.ts';
import type { Logger } from '../../io/log.ts';
import type { PasskeyStatus } from '../access/passkeys.ts';
import { openAdmin } from '../admin/admin.ts';
import type { ServerStatus } from '../admin/status.ts';
import type { Config } from '../config/config.ts';
import type { HttpServer } from '../http/http-server.ts';
import { createRewriteService } from '../rewrite-service/service.ts';
import type { ControlSockets } from '../takeover/control-sockets.ts';

export interface HttpServicesOptions {
  readonly config: Pick<Config, 'admin' | 'rewriter'>;
  readonly logger: Logger;
  /** Undefined: each server opens its own. */
  readonly control: ControlSockets | undefined;
  status(): ServerStatus;
  readCounters(): Counters;
  passkeyCounts(): readonly PasskeyStatus[] | undefined;
}

export interface HttpServices {
  /** Rejects with BindError; what is open then is closed by `close`. */
  open(): Promise<void>;
  /** With their real ports; undefined for what is not open. */
  addresses(): Pick<ServerStatus, 'admin' | 'rewriter'>;
  /** Those that are open. */
  listening(): readonly SocketAddress[];
  close(): Promise<void>;
}

export function createHttpServices({ config, control, ...options }: HttpServicesOptions): HttpServices {
  const service = createRewriteService(config.rewriter, options);
  let admin: HttpServer | undefined;
  let rewriter: HttpServer | undefined;

  return {
    async open() {
      const { origins } = config.rewriter;
      admin = await openAdmin({
        ...options,
        listen: config.admin.listen,
        socket: control?.open(config.admin.listen),
        rewriter: { routes: service.routes(), origins },
      });
      rewriter = await service.open((listen) => control?.open(listen));
    },
    addresses: () => ({ admin: admin?.address, rewriter: rewriter?.address }),
    listening: () => [admin, rewriter].flatMap((server) => (server === undefined ? [] : [server.address])),
    async close() {
      service.close();
      await Promise.all([rewriter?.close(), admin?.close()]);
    },
  };
}
