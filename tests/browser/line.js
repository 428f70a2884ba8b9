// One phone's sound, in a page: a tone for a microphone, and what comes from the far end as samples.

/** What takes samples out of the sound of the page; runs beside it. */
const tap = `registerProcessor('tap', class extends AudioWorkletProcessor {
  process([input]) {
    if (input[0]) this.port.postMessage(input[0].slice());
    return true;
  }
});`;

export class Line {
  constructor() {
    /** Whether calls are answered. */
    this.answers = false;
    /** What the phone says: 440 Hz, unless told otherwise. */
    this.hz = 440;
    /** What has happened, in order. */
    this.log = [];
    this.connection = null;
  }

  note(...words) {
    this.log.push(words.filter(Boolean).join(' '));
  }

  async sounds() {
    this.context ??= new AudioContext();
    if (this.context.state !== 'running') await this.context.resume();
    return this.context;
  }

  async microphone() {
    const context = await this.sounds();
    const [voice, loudness, destination] = [context.createOscillator(), context.createGain(), context.createMediaStreamDestination()];
    voice.frequency.value = this.hz;
    loudness.gain.value = 0.4;
    voice.connect(loudness).connect(destination);
    voice.start();
    return destination.stream;
  }

  /** Listens to what a connection brings. */
  follow(connection) {
    if (this.connection === connection) return;
    this.connection = connection;
    const attach = (track) => {
      // WebAudio hears a far end only if an element plays it.
      const element = document.createElement('audio');
      element.autoplay = true;
      this.stream = new MediaStream([track]);
      element.srcObject = this.stream;
      document.body.append(element);
    };
    connection.addEventListener('track', ({ track }) => attach(track));
    for (const { track } of connection.getReceivers()) if (track) attach(track);
  }

  /** So many seconds of what the far end says: the rate, and samples of 16 bits in base 64. */
  async hear(seconds) {
    const context = await this.sounds();
    await context.audioWorklet.addModule(URL.createObjectURL(new Blob([tap], { type: 'text/javascript' })));
    const source = context.createMediaStreamSource(this.stream);
    const node = new AudioWorkletNode(context, 'tap');
    const parts = [];
    node.port.onmessage = ({ data }) => parts.push(data);
    source.connect(node);
    node.connect(context.destination);
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    source.disconnect();
    node.disconnect();
    const samples = Int16Array.from(parts.flatMap((part) => [...part]), (value) => Math.max(-1, Math.min(1, value)) * 32767);
    let text = '';
    for (const byte of new Uint8Array(samples.buffer)) text += String.fromCharCode(byte);
    return { rate: context.sampleRate, samples: btoa(text) };
  }

  /** How the connection is, by its own account. */
  async state() {
    const ufrag = /^a=ice-ufrag:(.*)$/m.exec(this.connection.currentLocalDescription.sdp)[1].trim();
    const found = { ufrag, ice: this.connection.iceConnectionState, connection: this.connection.connectionState };
    const reports = await this.connection.getStats();
    for (const report of reports.values()) {
      if (report.type !== 'transport') continue;
      Object.assign(found, { dtls: report.dtlsState, version: report.tlsVersion, srtp: report.srtpCipher });
      const pair = reports.get(report.selectedCandidatePairId);
      if (!pair) continue;
      const sides = [pair.localCandidateId, pair.remoteCandidateId].map((id) => reports.get(id));
      found.way = sides.map((side) => `${side?.candidateType} ${side?.protocol}`);
      found.to = sides[1]?.address;
    }
    return found;
  }
}
