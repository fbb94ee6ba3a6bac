"""make VERSION SOURCE OUTPUT URL...: a torrent by libtorrent (v1, hybrid or v2), a tier for each URL.
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


if sys.argv[1] == "make":
    make(sys.argv[2], sys.argv[3], sys.argv[4], sys.argv[5:])
else:
    for path in sys.argv[2:]:
        print(json.dumps(read(path)))
