#!/usr/bin/env python3
"""Speech quality of the jitter buffer: PLCMOS v2 of what `jitter-lab` plays, beside the recorded figures of libwebrtc.

    python3 -m venv target/plcmos
    target/plcmos/bin/pip install speechmos==0.0.1.1 onnxruntime onnx "numpy<2" scipy
    cargo build --profile ci -p voip-media --features neural --example jitter-lab
    target/plcmos/bin/python benches/plcmos.py [--lab target/ci/examples/jitter-lab] [row ...]

A figure is the mean over the whole segments of 10 s (at 16 kHz, `resample_poly(x, 1, 3)`), over 300 raters, and over
five runs whose pulls come 0 to 6.8 ms later. The raters are drawn once from a fixed seed, so two buffers are judged by
the same people. `--playout ideal` rates the codec alone: every packet that comes at all is in time, the delay is
60 ms. `--shift` begins the segments later; what that changes is the noise of a figure. `--decoder-complexity`: 0
without libopus's neural networks, 5 with its concealment, 6 with LACE, 7 (as by default) with NoLACE.
"""

import argparse
import glob
import importlib.util
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from scipy.signal import resample_poly

# Trace, packets, drift of the receiver in ppm, libwebrtc's figure (for redundancy, the aim).
ROWS = {
    "clean": ("clean", "packets", 0, 4.47),
    "gauss10": ("gauss10", "packets", 0, 4.43),
    "gauss30": ("gauss30", "packets", 0, 4.44),
    "pareto": ("pareto", "packets", 0, 4.28),
    "wifi": ("wifi", "packets", 0, 4.37),
    "ge5": ("ge5", "packets", 0, 4.15),
    "ge5-fec": ("ge5", "packets_fec", 0, 4.25),
    "lte": ("lte", "packets", 0, 4.32),
    "step": ("step", "packets", 0, 4.40),
    "gauss10+100": ("gauss10", "packets", 100, 4.44),
    "gauss10-100": ("gauss10", "packets", -100, 4.40),
    "mm": ("mm_TMobileLTEshortup", "packets", 0, 4.36),
}
# Pulls later by this many microseconds.
RUNS = [0, 1_700, 3_400, 5_100, 6_800]
# Delay given to what is played without a buffer.
IDEAL_MS = 60
RATERS = 300
RATE = 16_000
SEGMENT = 10 * RATE


class Plcmos:
    """The model of speechmos in two parts: what is heard, computed once a segment, and the raters."""

    def __init__(self):
        package = os.path.dirname(importlib.util.find_spec("speechmos").origin)
        (model,) = glob.glob(os.path.join(package, "plcmos_models", "plcmos_v2.onnx"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        # The split model gives a value per rater where the whole one gives one.
        options.log_severity_level = 3
        with tempfile.TemporaryDirectory() as folder:
            ear, judge = os.path.join(folder, "ear.onnx"), os.path.join(folder, "judge.onnx")
            onnx.utils.extract_model(model, ear, ["degraded_audio"], HEARD)
            onnx.utils.extract_model(model, judge, [*HEARD, "rater_embed"], ["plcmos"])
            self.ear = onnxruntime.InferenceSession(ear, options)
            self.judge = onnxruntime.InferenceSession(judge, options)
        raters = np.random.default_rng(1).normal(size=(RATERS, 64))
        self.raters = raters.astype(np.float32)
        from speechmos import plcmos

        self.features = plcmos.PLCMOS.__new__(plcmos.PLCMOS).stft_transform

    def rate(self, segment):
        features = np.float32(self.features(segment))[np.newaxis, np.newaxis, ...]
        heard = self.ear.run(HEARD, {"degraded_audio": features})
        heard = {name: np.repeat(part, RATERS, axis=0) for name, part in zip(HEARD, heard)}
        return float(np.mean(self.judge.run(None, {**heard, "rater_embed": self.raters})[0]))


# What the recurrent layers end with.
HEARD = ["onnx::Concat_335", "onnx::Concat_337"]


def play(lab, data, row, later, folder, playout="buffer", complexity=7):
    """Sound at 48 kHz and the lab's report of one run."""
    trace, packets, drift, _ = ROWS[row]
    shifted, sound = os.path.join(folder, "trace"), os.path.join(folder, "sound")
    with open(os.path.join(data, f"trace_{trace}.txt")) as lines, open(shifted, "w") as out:
        for line in lines:
            at, number = line.split()
            out.write(f"{max(int(at) - later, 0)} {number}\n")
    command = [lab, "--packets", os.path.join(data, f"{packets}.bin"), "--trace", shifted]
    command += ["--drift-ppm", str(drift), "--playout", playout, "--out", sound]
    command += ["--decoder-complexity", str(complexity)]
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    sound = np.fromfile(sound, dtype="<i2")
    if playout == "ideal":
        report["e2e_mean_ms"] = IDEAL_MS
        sound = np.concatenate([np.zeros(IDEAL_MS * 48 + later * 48 // 1_000), sound])
    return sound, report


def segments(sound, shift):
    sound = np.clip(resample_poly(sound / 32768.0, 1, 3), -1, 1)[int(shift * RATE):]
    return [sound[at:at + SEGMENT] for at in range(0, len(sound) - SEGMENT + 1, SEGMENT)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lab", default="target/ci/examples/jitter-lab", help="the example's program")
    parser.add_argument("--data", default="../shared/data/net", help="folder of packets and traces")
    parser.add_argument("--playout", choices=["buffer", "ideal"], default="buffer", help="with or without the buffer")
    parser.add_argument("--decoder-complexity", type=int, default=7, help="0 to 10")
    parser.add_argument("--shift", type=float, default=0.0, help="seconds before the first segment")
    parser.add_argument("--runs", type=int, default=len(RUNS), help="how many of the five runs")
    parser.add_argument("rows", nargs="*", metavar="row", help=", ".join(ROWS))
    options = parser.parse_args()
    unknown = [row for row in options.rows if row not in ROWS]
    if unknown:
        parser.error(f"no such row: {', '.join(unknown)}")
    model = Plcmos()
    print("row          delay ms  concealed ms  PLCMOS  ±run  libwebrtc", flush=True)
    for row in options.rows or ROWS:
        delays, concealed, scores = [], [], []
        with tempfile.TemporaryDirectory() as folder:
            for later in RUNS[:options.runs]:
                sound, report = play(options.lab, options.data, row, later, folder, options.playout,
                                     options.decoder_complexity)
                delays.append(report["e2e_mean_ms"] + later / 1_000)
                concealed.append(report["concealed_ms"])
                scores.append(np.mean([model.rate(part) for part in segments(sound, options.shift)]))
        print(f"{row:12} {delays[0]:8.1f}  {concealed[0]:6.0f} ({np.mean(concealed):.0f})  {np.mean(scores):6.3f}"
              f"  {np.std(scores):.3f}  {ROWS[row][3]:.2f}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
