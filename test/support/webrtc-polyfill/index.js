// No WebRTC in the tests: a tracker client that finds no RTCPeerConnection leaves ws: trackers alone.
export default {};
