#!/usr/bin/env python3
"""Makes the tones in ../Data/Tones, one of each format of WAV, and sounds.json: what NumPy computes as their log-mel spectrograms.

Needs numpy. Run it in this folder. The formulas are those of torchaudio's defaults for melscale_fbanks (HTK scale, no normalization), on
frames that are not centred, under a periodic Hann window padded to a power of two.
"""
import json
import struct
from pathlib import Path

import numpy as np

RATE, TONES = 8000, Path("../Data/Tones")
PCM_GUID_TAIL = bytes([0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71])


def tone(hertz, seconds, seed):
    n = np.arange(int(RATE * seconds))
    rng = np.random.default_rng(seed)
    return 0.5 * np.sin(2 * np.pi * hertz * n / RATE) * np.hanning(len(n)) + 0.002 * rng.standard_normal(len(n))


def chunk(name, body):
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def wav(path, samples, channels, bits, floating=False, extensible=False):
    x = np.clip(np.repeat(samples[:, None], channels, axis=1), -1, 0.999999)
    if channels == 2:
        x[:, 1] *= 0.5
    if floating:
        data = x.astype("<f4").tobytes()
    elif bits == 8:
        data = np.round(x * 127 + 128).astype("u1").tobytes()
    elif bits == 24:
        data = b"".join(struct.pack("<i", int(v))[:3] for v in np.round(x * (2**23 - 1)).flatten())
    else:
        data = np.round(x * (2**(bits - 1) - 1)).astype(f"<i{bits // 8}").tobytes()
    tag, block = (3 if floating else 1), channels * bits // 8
    form = struct.pack("<HHIIHH", 0xFFFE if extensible else tag, channels, RATE, RATE * block, block, bits)
    if extensible:
        form += struct.pack("<HHIH", 22, bits, 0, tag) + PCM_GUID_TAIL
    # An odd chunk that nobody knows stands before, and one after.
    body = b"WAVE" + chunk(b"LIST", b"odd") + chunk(b"fmt ", form) + chunk(b"data", data) + chunk(b"note", b"end")
    path.write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    if floating:
        return np.frombuffer(data, "<f4").astype(float).reshape(-1, channels).mean(axis=1)
    if bits == 8:
        decoded = (np.frombuffer(data, "u1").astype(float) - 128) / 128
    elif bits == 24:
        raw = np.frombuffer(data, "u1").reshape(-1, 3)
        decoded = np.array([int.from_bytes(r.tobytes(), "little", signed=True) for r in raw]) / 2**23
    else:
        decoded = np.frombuffer(data, f"<i{bits // 8}") / 2.0**(bits - 1)
    return decoded.reshape(-1, channels).mean(axis=1)


def log_mel(x, frame_ms, hop_ms, bands):
    frame, hop = round(RATE * frame_ms / 1000), round(RATE * hop_ms / 1000)
    size = 1 << max(1, (frame - 1).bit_length())
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame) / frame)
    count = 1 if len(x) <= frame else 1 + (len(x) - frame) // hop
    x = np.pad(x, (0, max(0, frame - len(x))))
    frames = np.stack([x[i * hop:i * hop + frame] * window for i in range(count)])
    power = np.abs(np.fft.rfft(frames, size)) ** 2
    mel = np.linspace(0, 2595 * np.log10(1 + RATE / 2 / 700), bands + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.arange(size // 2 + 1) * RATE / size
    rise = (hertz[None] - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - hertz[None]) / (corners[2:] - corners[1:-1])[:, None]
    bank = np.maximum(0, np.minimum(rise, fall))
    return np.log(np.maximum(power @ bank.T, 1e-10))


TONES.mkdir(exist_ok=True)
sounds = {
    "low_1.wav": (tone(300, 0.100, 1), 1, 16, False, False),
    "low_2.wav": (tone(330, 0.080, 2), 1, 8, False, False),
    "low_3.wav": (tone(270, 0.020, 3), 2, 32, False, False),
    "high_1.wav": (tone(1500, 0.090, 4), 2, 24, False, True),
    "high_2.wav": (tone(1700, 0.070, 5), 1, 32, True, False),
    "high_3.wav": (tone(1600, 0.060, 6), 2, 16, False, False),
}
cases = []
for name, arguments in sounds.items():
    x = wav(TONES / name, *arguments)
    for frame_ms, hop_ms, bands in ((25, 10, 10), (32, 15.5, 24)):
        features = log_mel(x, frame_ms, hop_ms, bands)
        cases.append({"file": name, "frame": frame_ms, "hop": hop_ms, "bands": bands, "frames": len(features),
                      "features": [round(v, 5) for v in features.flatten().tolist()]})
Path("sounds.json").write_text("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
