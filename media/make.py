#!/usr/bin/env python3
"""Makes every sound in this folder: prompts from prompts.tsv, hold music and tones from arithmetic.

    media/make.py               everything
    media/make.py welcome       only the prompts with these names

Needs Debian's espeak-ng and sox. All sounds are 8 kHz, mono, 16 bit, the form in which telephones hear them. Prompts are
trimmed and brought to one loudness; the music is added up in a ring, so that its end flows into its beginning.
"""

import array
import csv
import math
import pathlib
import subprocess
import sys
import wave

HERE = pathlib.Path(__file__).resolve().parent
RATE = 8000

# Per language: the espeak-ng voice, its speed in words per minute, and the column it reads. Debian's espeak-ng does not
# know Chinese characters (it spells them in English letters), so Mandarin is read from pinyin.
VOICES = {"en": ("en-us", 150, "en"), "zh": ("cmn-latn-pinyin", 150, "pinyin")}

# Loudness of what is heard, in dB below full scale.
SPEECH_DBFS = -20.0
MUSIC_DBFS = -18.0
TONE_DBFS = -20.0
PEAK_LIMIT = 0.89


def write(path, samples):
    """Writes samples (floats, -1 to 1) as a WAV file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = array.array("h", (max(-32768, min(32767, round(s * 32767))) for s in samples))
    if sys.byteorder == "big":
        data.byteswap()
    with wave.open(str(path), "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(data.tobytes())


def rms(samples):
    return math.sqrt(sum(s * s for s in samples) / max(1, len(samples)))


def frames(samples, size=160):
    return [samples[i : i + size] for i in range(0, len(samples), size)]


def leveled(samples, dbfs):
    """Brings the mean of the frames that sound to `dbfs`, and stays below the peak limit."""
    loud = [s for frame in frames(samples) if rms(frame) > 0.01 for s in frame]
    gain = 10 ** (dbfs / 20) / max(rms(loud), 1e-6)
    gain = min(gain, PEAK_LIMIT / max(abs(s) for s in samples))
    return [s * gain for s in samples]


def trimmed(samples, before_ms, after_ms):
    """Cuts the silence around the sound and puts a short, known one there."""
    edge = 0.01 * max(abs(s) for s in samples)
    first = next(i for i, s in enumerate(samples) if abs(s) > edge)
    last = len(samples) - next(i for i, s in enumerate(reversed(samples)) if abs(s) > edge)
    return [0.0] * (RATE * before_ms // 1000) + samples[first:last] + [0.0] * (RATE * after_ms // 1000)


def spoken(text, language):
    voice, speed, _ = VOICES[language]
    speech = subprocess.run(
        ["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text], check=True, capture_output=True
    ).stdout
    # The telephone band, without the rumble and hiss that the codec would waste bits on.
    shape = ["highpass", "200", "lowpass", "3400", "rate", "-h", str(RATE)]
    raw = subprocess.run(
        ["sox", "-t", "wav", "-", "-t", "raw", "-e", "signed", "-b", "16", "-c", "1", "-", "gain", "-3", *shape],
        input=speech,
        check=True,
        capture_output=True,
    ).stdout
    data = array.array("h")
    data.frombytes(raw)
    return [s / 32768 for s in data]


def make_prompts(only):
    with open(HERE / "prompts.tsv", newline="", encoding="utf-8") as table:
        for row in csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE):
            if only and row["name"] not in only:
                continue
            # Numbers are spoken inside a sentence, so they stand close to their neighbors.
            before, after = (20, 40) if row["name"].startswith("number-") else (60, 120)
            for language in VOICES:
                text = row[VOICES[language][2]]
                sound = trimmed(spoken(text, language), before, after)
                write(HERE / language / f"{row['name']}.wav", leveled(sound, SPEECH_DBFS))


# Four bars of four chords each, as semitones from middle C; the lowest note is the bass.
CHORDS = [
    (-12, 4, 7, 11, 14),  # C major 7, 9
    (-15, 0, 4, 7, 12),  # A minor 7
    (-19, 0, 5, 9, 12),  # F major 7
    (-17, 2, 5, 9, 11),  # G 6
    (-12, 4, 7, 11, 16),
    (-8, 2, 7, 11, 14),  # E minor 7
    (-15, 0, 4, 9, 12),
    (-17, 0, 5, 7, 14),  # G sus 4
]
CHORD_S = 6.0
# The order in which the notes of a chord are plucked, one every half second.
PATTERN = [1, 3, 2, 4, 3, 2, 4, 1, 2, 3, 4, 2]


def add_note(ring, start_s, length_s, semitone, gain, attack_s, partials, decay_s=None):
    frequency = 261.63 * 2 ** (semitone / 12)
    first, count = int(start_s * RATE), int(length_s * RATE)
    for rank, share in enumerate(partials, 1):
        if frequency * rank > 3000:
            break
        step = 2 * math.pi * frequency * rank / RATE
        for i in range(count):
            t = i / RATE
            swell = min(1.0, t / attack_s) * min(1.0, (length_s - t) / attack_s)
            if decay_s:
                swell *= math.exp(-t * (0.6 + 0.4 * rank) / decay_s)
            ring[(first + i) % len(ring)] += gain * share * swell * math.sin(step * i)


def low_passed(ring, cutoff_hz):
    """One pole, run around the ring twice, so that the filter has settled where the loop closes."""
    alpha = 1 - math.exp(-2 * math.pi * cutoff_hz / RATE)
    state, out = 0.0, ring
    for _ in range(2):
        out = []
        for s in ring:
            state += alpha * (s - state)
            out.append(state)
    return out


def make_music():
    ring = [0.0] * int(len(CHORDS) * CHORD_S * RATE)
    for number, chord in enumerate(CHORDS):
        start = number * CHORD_S
        for note in chord:
            # The pad overlaps into the next chord; the bass is doubled above, because telephones have no bass.
            add_note(ring, start, CHORD_S + 1.6, note, 0.5, 1.6, (1.0, 0.35, 0.12))
        add_note(ring, start, CHORD_S, chord[0] + 12, 0.35, 0.8, (1.0, 0.3))
        for beat, which in enumerate(PATTERN):
            add_note(ring, start + beat / 2, 2.4, chord[which] + 12, 0.55, 0.012, (1.0, 0.3, 0.1), decay_s=0.9)
    # Twice, and gently: the music must not tire an ear.
    soft = low_passed(low_passed(ring, 2200), 2200)
    mean = sum(soft) / len(soft)
    write(HERE / "music" / "calm.wav", leveled([s - mean for s in soft], MUSIC_DBFS))


def tone(frequency, cadence_s):
    """A tone with a cadence of (on, off) seconds; its edges are rounded over 5 ms, so that they do not click."""
    on, off = cadence_s
    count, edge = int(on * RATE), RATE // 200
    gain = 10 ** (TONE_DBFS / 20) * math.sqrt(2)
    sound = [
        gain * min(1.0, i / edge, (count - 1 - i) / edge) * math.sin(2 * math.pi * frequency * i / RATE)
        for i in range(count)
    ]
    return sound + [0.0] * int(off * RATE)


def make_tones():
    # Ringing and busy as in Europe (ETSI); close to what China uses.
    write(HERE / "tones" / "ringback.wav", tone(425, (1.0, 4.0)))
    write(HERE / "tones" / "busy.wav", tone(425, (0.5, 0.5)))
    write(HERE / "tones" / "beep.wav", tone(1000, (0.35, 0.05)))


def main():
    only = set(sys.argv[1:])
    make_prompts(only)
    if not only:
        make_music()
        make_tones()


if __name__ == "__main__":
    main()
