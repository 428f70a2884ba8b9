"""Scores what `cargo run -p sim --example speech_quality` wrote: python3 tests/bench/speech_quality.py FOLDER…

Prints a table for each jitter: PESQ (ITU-T P.862.2, wideband; P.862.1, narrowband, in brackets), the mean of all runs and
folders. Needs numpy, scipy and pesq."""
import collections
import concurrent.futures
import pathlib
import sys

import numpy
import pesq
import scipy.io.wavfile
import scipy.signal


def read(path):
    rate, sound = scipy.io.wavfile.read(path)
    sound = sound.astype(numpy.float64)
    return sound if rate == 16000 else scipy.signal.resample_poly(sound, 16000, rate)


def aligned(reference, heard):
    """The two without what the way delays."""
    size = 1 << (len(reference) + len(heard)).bit_length()
    likeness = numpy.fft.irfft(numpy.fft.rfft(heard, size) * numpy.conj(numpy.fft.rfft(reference, size)), size)
    lag = int(numpy.argmax(numpy.abs(likeness)))
    lag = lag if lag < size // 2 else lag - size
    heard = heard[lag:] if lag > 0 else numpy.concatenate([numpy.zeros(-lag), heard])
    heard = numpy.concatenate([heard, numpy.zeros(max(0, len(reference) - len(heard)))])[: len(reference)]
    return reference / 32768, heard / 32768


def score(job):
    folder, file = job
    reference, heard = aligned(read(folder / "reference.wav"), read(folder / file))
    down = [scipy.signal.resample_poly(sound, 1, 2) for sound in (reference, heard)]
    return pesq.pesq(16000, reference, heard, "wb"), pesq.pesq(8000, *down, "nb")


def main(folders):
    jobs, keys = [], []
    for folder in map(pathlib.Path, folders):
        for line in (folder / "index.tsv").read_text().splitlines():
            file, way, percent, row, jitter, _ = line.split("\t")
            jobs.append((folder, file))
            keys.append((way, (int(row), int(percent)), int(jitter)))
    found = collections.defaultdict(list)
    with concurrent.futures.ProcessPoolExecutor() as pool:
        for key, scores in zip(keys, pool.map(score, jobs, chunksize=8)):
            found[key].append(scores)
    ways = list(dict.fromkeys(way for way, _, _ in keys))
    losses = sorted({loss for _, loss, _ in keys})
    for jitter in sorted({jitter for _, _, jitter in keys}):
        print(f"\nJitter {jitter} ms\n")
        heads = [f"{percent} %" + (f" in {row}s" if row > 1 else "") for row, percent in losses]
        print("| |", " | ".join(heads), "|")
        print("|---|" + "---|" * len(losses))
        for way in ways:
            cells = []
            for loss in losses:
                wide, narrow = numpy.mean(found[(way, loss, jitter)], axis=0)
                cells.append(f"{wide:.2f} ({narrow:.2f})")
            print(f"| {way} |", " | ".join(cells), "|")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(sys.argv[1:])
