/** A recording that plays: the element loads what is needed, Web Audio chooses the side that is heard. */

export type Side = 'both' | 'caller' | 'agent';

export class Sound {
  readonly element = new Audio();
  private context: AudioContext | undefined;
  private gains: GainNode[] = [];
  private side: Side = 'both';

  constructor(url: string) {
    this.element.preload = 'metadata';
    this.element.src = url;
  }

  get playing(): boolean {
    return !this.element.paused && !this.element.ended;
  }

  async play(): Promise<void> {
    this.wire();
    await this.context?.resume();
    await this.element.play();
  }

  pause(): void {
    this.element.pause();
  }

  /** Milliseconds from the beginning. */
  get at(): number {
    return this.element.currentTime * 1000;
  }

  seek(ms: number): void {
    this.element.currentTime = Math.max(0, ms / 1000);
  }

  hear(side: Side): void {
    this.side = side;
    const [leftToLeft, leftToRight, rightToLeft, rightToRight] = this.gains;
    if (!leftToLeft || !leftToRight || !rightToLeft || !rightToRight) return;
    leftToLeft.gain.value = side === 'agent' ? 0 : 1;
    leftToRight.gain.value = side === 'caller' ? 1 : 0;
    rightToLeft.gain.value = side === 'agent' ? 1 : 0;
    rightToRight.gain.value = side === 'caller' ? 0 : 1;
  }

  close(): void {
    this.element.pause();
    this.element.removeAttribute('src');
    this.element.load();
    void this.context?.close();
  }

  /** Browsers allow sound only after a hand's deed, so the graph is made at the first play. */
  private wire(): void {
    if (this.context) return;
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.element);
    const split = this.context.createChannelSplitter(2);
    const merge = this.context.createChannelMerger(2);
    source.connect(split);
    this.gains = [0, 0, 1, 1].map((from, index) => {
      const gain = this.context?.createGain();
      if (!gain) throw new Error('no audio');
      split.connect(gain, from);
      gain.connect(merge, 0, index % 2);
      return gain;
    });
    merge.connect(this.context.destination);
    this.hear(this.side);
  }
}
