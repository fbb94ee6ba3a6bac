// The certificate of this machine while it serves: read at start, and again when its files change or a signal asks. One
// that is of no use leaves the one that was: a renewal that went wrong must not take a server down before the old
// certificate has expired.

import type { Clock } from '../../io/clock.ts';
import { FileError } from '../../io/files/files.ts';
import { type FileWatcher, watchFiles } from '../../io/files/watch.ts';
import type { Logger } from '../../io/log.ts';
import {
  certificateExpiry,
  readTlsIdentity,
  TlsError,
  type TlsFiles,
} from '../../io/streams/tls-identity.ts';
import type { TlsIdentity } from '../../io/streams/tls-server.ts';
import { createTurns } from '../../io/turns.ts';
import type { DataPlane } from '../data-plane/data-plane.ts';

export interface CertificateOptions {
  readonly files: TlsFiles;
  readonly dataPlane: Pick<DataPlane, 'identify'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface Certificate {
  /** Reads the files again; what is wrong with them stands in the log. */
  reload(): Promise<void>;
  /** Safe twice, and waits. */
  close(): Promise<void>;
}

/** Resolves once handshakes may begin. Throws FileError or TlsError where there is no certificate to begin with. */
export async function openCertificate(options: CertificateOptions): Promise<Certificate> {
  const { files, dataPlane, clock, logger } = options;
  let served = await readTlsIdentity(files);
  await dataPlane.identify(served);
  warnIfExpired(served, options);
  /** One reading at a time: a signal and a change of the files may come together. */
  const turns = createTurns();

  async function readAgain(): Promise<void> {
    try {
      const next = await readTlsIdentity(files);
      if (next.certificate === served.certificate && next.key === served.key) return;
      await dataPlane.identify(next);
      served = next;
      logger.info(`the certificate of ${files.certificate} is used from now on`, { expires: expiryOf(next) });
      warnIfExpired(next, options);
    } catch (error) {
      if (!(error instanceof FileError || error instanceof TlsError)) throw error;
      logger.error(`${error.message}; the certificate that was is used on`, { expires: expiryOf(served) });
    }
  }

  const reload = (): Promise<void> => turns.take(readAgain);

  function reloadSaved(): void {
    reload().catch((error: Error) =>
      logger.error('reading the certificate failed: please report this', { error }),
    );
  }

  const watcher: FileWatcher = await watchFiles([files.certificate, files.key], reloadSaved, {
    clock,
    logger,
  });
  return {
    reload,
    async close() {
      await watcher.close();
      await turns.idle();
    },
  };
}

/** Clients that check refuse it, and those that do not are served: no reason to end. */
function warnIfExpired(identity: TlsIdentity, { files, clock, logger }: CertificateOptions): void {
  if (certificateExpiry(identity) > clock.nowSeconds()) return;
  logger.warn(`the certificate in ${files.certificate} has expired: clients will refuse it; renew it`, {
    expires: expiryOf(identity),
  });
}

function expiryOf(identity: TlsIdentity): string {
  return new Date(certificateExpiry(identity) * 1000).toISOString();
}
