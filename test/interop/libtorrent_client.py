#!/usr/bin/python3
"""One libtorrent client that can find peers through a tracker and in no other way.

Prints one word a line for the test that drives it, and what the tracker said:
  announced PEERS    a tracker answered
  failed REASON      a tracker did not
  finished           all pieces are here
Ends when its standard input does.
"""

import argparse
import os
import select
import sys

import libtorrent as lt

SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "alert_mask": lt.alert.category_t.all_categories,
    "announce_to_all_trackers": True,
    "announce_to_all_tiers": True,
    "validate_https_trackers": False,
    "tracker_completion_timeout": 10,
    "tracker_receive_timeout": 10,
}


def parse_arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--torrent", required=True)
    parser.add_argument("--resume", help="a resume file: its trackers count, and not those of the torrent")
    parser.add_argument("--save", required=True)
    parser.add_argument("--listen", required=True, help="address:port, or several with a comma")
    parser.add_argument("--authority", help="a file in PEM: trackers must have a certificate of it")
    parser.add_argument("--proxy", help="address:port of an HTTP proxy for trackers")
    return parser.parse_args()


def proxy_settings(proxy):
    if proxy is None:
        return {}
    host, port = proxy.rsplit(":", 1)
    return {
        "proxy_type": lt.proxy_type_t.http,
        "proxy_hostname": host,
        "proxy_port": int(port),
        "proxy_hostnames": True,
        "proxy_peer_connections": False,
        "proxy_tracker_connections": True,
    }


def authority_settings(authority):
    if authority is None:
        return {}
    # Where OpenSSL looks for authorities, which libtorrent asks when it starts.
    os.environ["SSL_CERT_FILE"] = authority
    return {"validate_https_trackers": True}


def add(session, arguments):
    parameters = lt.add_torrent_params()
    if arguments.resume is not None:
        with open(arguments.resume, "rb") as file:
            parameters = lt.read_resume_data(file.read())
    parameters.ti = lt.torrent_info(arguments.torrent)
    parameters.save_path = arguments.save
    parameters.flags |= lt.torrent_flags.disable_dht | lt.torrent_flags.disable_lsd | lt.torrent_flags.disable_pex
    parameters.flags &= ~lt.torrent_flags.auto_managed
    parameters.flags &= ~lt.torrent_flags.paused
    return session.add_torrent(parameters)


def report(alert):
    if isinstance(alert, lt.tracker_reply_alert):
        print("announced", alert.num_peers, flush=True)
    elif isinstance(alert, lt.tracker_error_alert):
        print("failed", alert.message(), flush=True)
    elif isinstance(alert, lt.torrent_finished_alert):
        print("finished", flush=True)
    elif isinstance(alert, (lt.listen_failed_alert, lt.peer_error_alert, lt.peer_disconnected_alert)):
        print("#", alert.message(), file=sys.stderr, flush=True)


def main():
    arguments = parse_arguments()
    settings = {**SETTINGS, **proxy_settings(arguments.proxy), **authority_settings(arguments.authority)}
    session = lt.session({**settings, "listen_interfaces": arguments.listen})
    handle = add(session, arguments)
    while True:
        session.wait_for_alert(200)
        for alert in session.pop_alerts():
            report(alert)
        if select.select([sys.stdin], [], [], 0)[0] and sys.stdin.readline() == "":
            break
    session.remove_torrent(handle)


if __name__ == "__main__":
    main()
