"""make VERSION SOURCE OUTPUT URL...: a torrent by libtorrent (v1, hybrid or v2), a tier for each URL.
resume TORRENT SAVE OUTPUT: the resume file of a session that has the torrent, as qBittorrent writes it.
resumed FILE...: what libtorrent makes of resume files, one object a line: info-hashes, trackers, all else in hexadecimal.
read FILE...: what libtorrent makes of torrents, one object a line: both info-hashes, trackers by tier, private or not."""

import json
import os
import sys

import libtorrent

FLAGS = {
    "v1": 1 << 6,  # v1_only, which the bindings of 2.0.8 do not name
    "hybrid": 0,
    "v2": libtorrent.create_torrent_flags_t.v2_only,
}


def make(version, source, output, urls):
    storage = libtorrent.file_storage()
    libtorrent.add_files(storage, source)
    torrent = libtorrent.create_torrent(storage, 16384, FLAGS[version])
    for tier, url in enumerate(urls):
        torrent.add_tracker(url, tier)
    libtorrent.set_piece_hashes(torrent, os.path.dirname(source))
    with open(output, "wb") as file:
        file.write(libtorrent.bencode(torrent.generate()))


def read(path):
    info = libtorrent.torrent_info(path)
    hashes = info.info_hashes()
    return {
        "v1": str(hashes.v1) if hashes.has_v1() else None,
        "v2": str(hashes.v2) if hashes.has_v2() else None,
        "trackers": [[tracker.tier, tracker.url] for tracker in info.trackers()],
        "private": info.priv(),
        "size": info.total_size(),
    }


def resume(torrent, save, output):
    session = libtorrent.session(
        {"listen_interfaces": "127.0.0.1:0", "enable_dht": False, "enable_lsd": False, "alert_mask": 0xFFFFFFFF}
    )
    parameters = libtorrent.add_torrent_params()
    parameters.ti = libtorrent.torrent_info(torrent)
    parameters.save_path = save
    parameters.flags = libtorrent.torrent_flags.paused
    handle = session.add_torrent(parameters)
    handle.save_resume_data(libtorrent.save_resume_flags_t.save_info_dict)
    while True:
        session.wait_for_alert(1000)
        for alert in session.pop_alerts():
            if isinstance(alert, libtorrent.save_resume_data_failed_alert):
                raise RuntimeError(alert.message())
            if isinstance(alert, libtorrent.save_resume_data_alert):
                entry = libtorrent.write_resume_data(alert.params)
                entry.update({b"qBt-category": b"", b"qBt-ratioLimit": -2000, b"qBt-tags": [], b"qBt-name": b"n\xc3\xbc"})
                with open(output, "wb") as file:
                    file.write(libtorrent.bencode(entry))
                return


def resumed(path):
    with open(path, "rb") as file:
        octets = file.read()
    parameters = libtorrent.read_resume_data(octets)
    hashes = parameters.info_hashes
    entry = libtorrent.bdecode(octets)
    del entry[b"trackers"]
    return {
        "v1": str(hashes.v1) if hashes.has_v1() else None,
        "v2": str(hashes.v2) if hashes.has_v2() else None,
        "trackers": list(zip(parameters.tracker_tiers, parameters.trackers)),
        "rest": libtorrent.bencode(entry).hex(),
    }


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
elif sys.argv[1] == "resume":
    resume(*sys.argv[2:])
elif sys.argv[1] == "resumed":
    for path in sys.argv[2:]:
        print(json.dumps(resumed(path)))
else:
    for path in sys.argv[2:]:
        print(json.dumps(read(path)))
