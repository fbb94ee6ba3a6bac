// No WebRTC in the tests: a tracker client that finds no RTCPeerConnection leaves ws: trackers alone.
export const RTCPeerConnection = undefined;
export const RTCSessionDescription = undefined;
export const RTCIceCandidate = undefined;
export default {};
