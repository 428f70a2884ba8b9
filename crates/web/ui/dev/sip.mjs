// SIP messages as the wire would show them, made when somebody asks for a timeline.
const TAGS = (leg) => leg.slice(-6).toLowerCase();

const SDP = (port) =>
  ['v=0', `o=- 3974201 1 IN IP4 127.0.0.1`, 's=-', 'c=IN IP4 127.0.0.1', 't=0 0', `m=audio ${port} RTP/AVP 8 0 101`, 'a=rtpmap:8 PCMA/8000', 'a=rtpmap:0 PCMU/8000', 'a=rtpmap:101 telephone-event/8000', 'a=fmtp:101 0-15', 'a=ptime:20', 'a=sendrecv', ''].join('\r\n');

/** One message line from what the simulation noted. */
export function sipLine({ at, leg, role, sent, method, status, reason, user, remote, transport, sdp, cseq, extra }) {
  const call = `${leg.toLowerCase()}@hotline.test`;
  const cs = `${cseq ?? 1} ${method}`;
  const start = status ? `SIP/2.0 ${status} ${reason}` : `${method} sip:${user}@${remote.split(':')[0]} SIP/2.0`;
  const us = '127.0.0.1:5060';
  const body = sdp ? SDP(sdp) : '';
  const head = [
    start,
    `Via: SIP/2.0/${transport.toUpperCase()} ${status ? (sent ? remote : us) : sent ? us : remote};branch=z9hG4bK${TAGS(leg)}${cseq ?? 1};rport`,
    ...(status ? [] : ['Max-Forwards: 70']),
    `From: <sip:${role === 'customer' ? user : '4001'}@hotline.test>;tag=${TAGS(leg)}f`,
    `To: <sip:${role === 'customer' ? '4001' : user}@hotline.test>${status && status > 100 ? `;tag=${TAGS(leg)}t` : ''}`,
    `Call-ID: ${call}`,
    `CSeq: ${cs}`,
    ...(method === 'INVITE' || status === 200 ? [`Contact: <sip:${sent ? us : remote};transport=${transport}>`] : []),
    ...(extra ?? []),
    `User-Agent: ${sent ? 'hotline/0.1.0' : 'baresip v2.10.0 (x86_64/linux)'}`,
    ...(body ? ['Content-Type: application/sdp'] : []),
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
  return {
    at,
    kind: 'sip',
    leg,
    role,
    sent,
    transport,
    remote,
    summary: status ? `${status} ${reason} (${method})` : `${method} sip:${user}@${remote.split(':')[0]}`,
    text: head,
  };
}
