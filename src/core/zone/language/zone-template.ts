// The zone file that `portolan init` writes.

/**
 * A zone with a tracker on both IP families, names for each family, and a web server that is none. `name` is in lower
 * case without a final dot. The addresses are this machine's own, so that it can be tried at once.
 */
export function createZoneText(name: string): string {
  return `; Zone ${name}: what DNS says about it, and which tracker ports are open on this machine.
; One line is one record: name, TTL, class, type, data. A name without a final dot is below $ORIGIN, @ is $ORIGIN itself,
; a line that begins with a blank belongs to the name above. A semicolon begins a comment.
; After an edit: raise the serial, save, and look at "portolan check".

$ORIGIN ${name}.
$TTL 5m         ; how long answers may be kept: a withdrawn port stays open for that long

@               IN SOA  ns hostmaster (
                        1       ; serial: one more at every edit
                        1h      ; refresh: how often secondary servers ask
                        15m     ; retry
                        1w      ; expire
                        5m )    ; minimum: how long "there is no such name" is kept

; The server of this zone. The parent zone must have the same NS record, and these addresses as glue.
                IN NS   ns
ns              IN A    127.0.0.1       ; put this machine's public addresses here and below
                IN AAAA ::1

; A tracker on IPv4 and IPv6. The TXT record (BEP 34) opens exactly these ports, in order of preference.
tracker         IN A    127.0.0.1
                IN AAAA ::1
                IN TXT  "BITTORRENT UDP:6969 TCP:6969"

; The same for one family each, for clients that should use only that. Each name needs its own TXT record.
ipv4.tracker    IN A    127.0.0.1
                IN TXT  "BITTORRENT UDP:6969 TCP:6969"
ipv6.tracker    IN AAAA ::1
                IN TXT  "BITTORRENT UDP:6969 TCP:6969"

; A name that is no tracker: clients that find it in a torrent leave it alone.
www             IN A    127.0.0.1
                IN AAAA ::1
                IN TXT  "BITTORRENT DENY ALL"
`;
}
