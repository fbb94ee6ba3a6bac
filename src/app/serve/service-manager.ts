// What systemd, or what acts like it, is told of the server's life (sd_notify(3), systemd.service(5) Type=notify): when
// every socket is open, reloads, the stop, and while it runs that it does. Counts only.

import type { Cancel, Clock } from '../../io/clock.ts';
import type { ServiceNotify } from '../../io/service-notify.ts';
import type { ServerStatus } from '../admin/status.ts';
import { hrtimeMilliseconds } from '../data-plane/shared-clock.ts';

/** How often the status line is new. */
const STATUS_MILLISECONDS = 30_000;
/** Life signs in the time in which one must come: sd_watchdog_enabled(3) wants two, and one may be late. */
const SIGNS_A_WATCHDOG = 3;
/** While a stop goes on, more time is asked for this often, and for so long. */
const EXTENSION_MILLISECONDS = 5_000;
const EXTENDED_MICROSECONDS = 15_000_000;
/** Writing a snapshot ends after 60 s; what goes before it has deadlines of a few seconds. */
const LONGEST_STOP_MILLISECONDS = 90_000;

export interface ServiceManagerOptions {
  /** Of NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Undefined: nobody is told anything. */
  readonly notify: ServiceNotify | undefined;
  readonly clock: Clock;
  readonly server: {
    status(): ServerStatus;
    /** Resolves once everything that answers has taken a turn. */
    ping(): Promise<void>;
  };
}

export interface ServiceManager {
  /** Every socket is open. From now on it gets life signs. */
  ready(): void;
  /** Runs a reload, announced before and after. */
  reload<T>(run: () => Promise<T>): Promise<T>;
  /** The end has begun; until {@link ServiceManager.close}, the manager is asked to wait for it. */
  stopping(): void;
  /** Harmless twice. */
  close(): void;
}

export function createServiceManager(options: ServiceManagerOptions): ServiceManager {
  const { env, notify = () => false, clock, server } = options;
  const watchdog = watchdogMilliseconds(env);
  let cancel: Cancel = () => {};
  /** Reloads may overlap; bounded by who sends signals. */
  let reloads = 0;
  let isReady = false;
  let isReadyHeard = false;

  function schedule(delayMilliseconds: number, task: () => void): void {
    cancel();
    if (options.notify !== undefined) cancel = clock.schedule(delayMilliseconds, task);
  }

  /** Said again with the next life sign where it was not heard: the manager waits for it. */
  function sayReady(): void {
    isReadyHeard = notify(`READY=1\nSTATUS=${statusLine(server.status())}`);
  }

  function live(): void {
    const beat = watchdog === undefined ? STATUS_MILLISECONDS : watchdog / SIGNS_A_WATCHDOG;
    schedule(Math.min(beat, STATUS_MILLISECONDS), () => {
      live();
      if (isReadyHeard) notify(`STATUS=${statusLine(server.status())}`);
      else sayReady();
      // What does not answer gives no life sign, and is started again by who waits for one.
      if (watchdog !== undefined)
        server.ping().then(
          () => notify('WATCHDOG=1'),
          () => {},
        );
    });
  }

  function askForTime(leftMilliseconds: number): void {
    if (leftMilliseconds <= 0) return;
    notify(`EXTEND_TIMEOUT_USEC=${EXTENDED_MICROSECONDS}`);
    schedule(EXTENSION_MILLISECONDS, () => askForTime(leftMilliseconds - EXTENSION_MILLISECONDS));
  }

  return {
    ready() {
      isReady = true;
      sayReady();
      live();
    },
    async reload(run) {
      if (reloads++ === 0 && isReady)
        notify(`RELOADING=1\nMONOTONIC_USEC=${Math.floor(hrtimeMilliseconds() * 1000)}`);
      try {
        return await run();
      } finally {
        if (--reloads === 0 && isReady) sayReady();
      }
    },
    stopping() {
      isReady = false;
      notify('STOPPING=1\nSTATUS=stopping');
      askForTime(LONGEST_STOP_MILLISECONDS);
    },
    close: () => cancel(),
  };
}

/** Undefined: none is set, or it is another process's. */
function watchdogMilliseconds(env: ServiceManagerOptions['env']): number | undefined {
  const microseconds = Number(env['WATCHDOG_USEC'] ?? '');
  const pid = env['WATCHDOG_PID'];
  if (!(microseconds > 0) || (pid !== undefined && Number(pid) !== process.pid)) return undefined;
  return microseconds / 1000;
}

function statusLine({ zones, hosts, draining, swarm }: ServerStatus): string {
  const open = hosts.filter(({ state }) => state === 'open');
  const sockets = new Set(open.map(({ endpoint, address }) => `${endpoint} ${address}`));
  const parts = [
    counted(zones.length, 'zone'),
    counted(sockets.size, 'tracker socket'),
    ...(draining.length > 0 ? [`${draining.length} draining`] : []),
    counted(swarm.torrents, 'torrent'),
    counted(swarm.peersIpv4 + swarm.peersIpv6, 'peer'),
  ];
  return parts.join(', ');
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
