#!/usr/bin/env python3
"""Trains a small supervised U-Net of PyTorch on a data folder and judges its test part: what a user might pick instead.

    python3 bench/peers/torch_unet.py DATA --minutes 30 --json unet.json           # learns from masks
    python3 bench/peers/torch_unet.py DATA --minutes 30 --labels --json unet.json  # learns from normal/abnormal alone

DATA has normal/, abnormal/, train.txt, test.txt and perhaps masks/ (same stem as the abnormal image). The network has 16, 32,
64 and 128 channels, two 3 × 3 convolutions with batch norm and ReLU a level, max pooling, transposed convolutions and
concatenated skips. AdamW at 1e-3 falls along a cosine over the minutes; on a CPU they are minutes of its threads, so that
other work on the machine takes none of them. Batches hold as many abnormal as normal images, flipped at random. The loss is the
cross-entropy of the logits and the mask; with --labels, and for abnormal images without a mask, that of the mean of the hottest
1 % of the logits and the label. An image scores the mean of its hottest 0.2 %.

It learns from everything in train.txt, and needs no calibration because it chooses no threshold. AUROC, pixel AUROC and AUPRO
are those of `cyclops evaluate` (pixel_figures.py). Since minutes end the training, no two runs have the same bits. Needs PyTorch from
1.13 on, NumPy and Pillow.
"""

import argparse
import json
import math
import os
import platform
import random
import sys
import time

try:
    import numpy as np
    import PIL
    import torch
    from PIL import Image
    from torch import nn
    from torch.nn import functional as F
except ImportError as error:
    sys.exit(f"torch_unet.py: {error}. It needs PyTorch, NumPy and Pillow; install them, or run it with the Python that has them.")

from pixel_figures import auroc, mask_on_map, pixel_figures

CHANNELS = (16, 32, 64, 128)
#: Each level but the last halves the sides.
SIDE_MULTIPLE = 2 ** (len(CHANNELS) - 1)
LEARNING_RATE = 1e-3
#: Of the pixels of an image: what speaks for it where nothing but its label is known, and what scores it.
LEARNED_SHARE = 0.01
SCORED_SHARE = 0.002
EXTENSIONS = (".png", ".jpg", ".jpeg")


class BadInput(Exception):
    """What a user can mend."""


# --- the images ---------------------------------------------------------------------------------------------------------


def read_list(folder, part):
    path = os.path.join(folder, f"{part}.txt")
    try:
        with open(path, encoding="utf-8") as file:
            lines = [line.strip().replace("\\", "/") for line in file]
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"Cannot read {path}: {error}. Expected a list of images, one path a line, such as normal/a.png.")
    files = [line for line in lines if line and not line.startswith("#")]
    for file in files:
        if label_of(file) not in ("normal", "abnormal"):
            raise BadInput(f"{path} names {file}; expected images of normal/ and abnormal/. Correct or remove the line.")
    for label in ("normal", "abnormal"):
        if not any(label_of(file) == label for file in files):
            raise BadInput(f"{path} names no {label} image, and both classes are needed to train and to judge. Add some.")
    return files


def label_of(file):
    return os.path.normpath(file).split(os.sep)[0]


def stem_of(file):
    return os.path.splitext(os.path.basename(file))[0]


def open_image(path):
    try:
        image = Image.open(path)
        image.load()
    except (OSError, ValueError, SyntaxError) as error:
        raise BadInput(f"Cannot read the image {path}: {error}. Replace or remove it.")
    # The first 8 of 16 bits, which Pillow's own conversion would clip.
    if image.mode.startswith("I"):
        return Image.fromarray((np.array(image) >> 8).astype(np.uint8))
    return image.convert("L" if image.mode in ("1", "L", "LA") else "RGB")


class Images:
    """Images of a list at one size in memory: bytes [n, channels, size, size], with label and mask (None: not known)."""

    def __init__(self, folder, files, masks, size, channels):
        self.files = files
        self.abnormal = np.array([label_of(file) == "abnormal" for file in files])
        images, self.masks = [], []
        for file, abnormal in zip(files, self.abnormal):
            image = open_image(os.path.join(folder, file)).convert("L" if channels == 1 else "RGB")
            pixels = np.asarray(image.resize((size, size), Image.BILINEAR))
            images.append(pixels.reshape(size, size, channels).transpose(2, 0, 1))
            mask = masks.get(stem_of(file)) if abnormal else None
            self.masks.append(read_mask(mask, size) if mask else None if abnormal else np.zeros((size, size), bool))
        self.pixels = torch.from_numpy(np.stack(images))

    def batch(self, places):
        return self.pixels[places].float() / 127.5 - 1


def read_mask(path, size):
    mask = np.asarray(open_image(path))
    return mask_on_map(mask.reshape(*mask.shape[:2], -1).any(axis=2), size)


def find_masks(folder):
    path = os.path.join(folder, "masks")
    names = sorted(os.listdir(path)) if os.path.isdir(path) else []
    return {stem_of(name): os.path.join(path, name) for name in names if name.lower().endswith(EXTENSIONS)}


def read_folder(folder, most):
    """@returns the images of training and test, at their own size but of at most `most` px a side; gray where all are"""
    if not os.path.isdir(folder):
        raise BadInput(f"There is no folder {folder}; expected one with normal/, abnormal/, train.txt and test.txt.")
    train, test = (read_list(folder, part) for part in ("train", "test"))
    twice = sorted(set(train) & set(test))
    if twice:
        raise BadInput(f"{twice[0]} is in train.txt and in test.txt of {folder}; figures would speak of what was learned. Remove one.")
    opened = [open_image(os.path.join(folder, file)) for file in train + test]
    channels = 1 if all(image.mode == "L" for image in opened) else 3
    side = min(most, max(max(image.size) for image in opened))
    size = max(side // SIDE_MULTIPLE, 2) * SIDE_MULTIPLE
    masks = find_masks(folder)
    return tuple(Images(folder, files, masks, size, channels) for files in (train, test))


# --- the network --------------------------------------------------------------------------------------------------------


def twice(channels, width):
    layers = []
    for before in (channels, width):
        layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    def __init__(self, channels):
        super().__init__()
        before = (channels, *CHANNELS)
        self.down = nn.ModuleList(twice(*pair) for pair in zip(before, CHANNELS))
        rising = list(zip(CHANNELS[::-1], CHANNELS[-2::-1]))
        self.up = nn.ModuleList(nn.ConvTranspose2d(wide, narrow, 2, stride=2) for wide, narrow in rising)
        self.join = nn.ModuleList(twice(2 * narrow, narrow) for _, narrow in rising)
        self.head = nn.Conv2d(CHANNELS[0], 1, 1)

    def forward(self, x):
        """@returns logits [n, height, width] for sides that are multiples of SIDE_MULTIPLE"""
        skips = []
        for level in self.down:
            x = level(F.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for up, join, skip in zip(self.up, self.join, skips[-2::-1]):
            x = join(torch.cat([skip, up(x)], dim=1))
        return self.head(x).squeeze(1)


# --- training and judging -----------------------------------------------------------------------------------------------


def hottest(logits, share):
    """The mean of the largest logits of each image."""
    flat = logits.flatten(1)
    return flat.topk(max(1, round(share * flat.shape[1])), dim=1).values.mean(dim=1)


def endless(places):
    """All places in one random order after another."""
    while True:
        yield from random.sample(places, len(places))


def vary(tensors, rotate):
    """Flips and perhaps turns an image and its mask alike."""
    if random.random() < 0.5:
        tensors = [tensor.flip(-1) for tensor in tensors]
    turns = random.randrange(4) if rotate else 0
    return [tensor.rot90(turns, (-2, -1)) for tensor in tensors]


def make_batch(images, places, rotate):
    """@returns images, truth of every pixel, label, and 1 where that truth is known"""
    blank = np.zeros(images.pixels.shape[-2:], bool)
    masks = [images.masks[place] for place in places]
    truth = torch.from_numpy(np.stack([blank if mask is None else mask for mask in masks])).float()
    pairs = [vary(pair, rotate) for pair in zip(images.batch(places), truth)]
    known = torch.tensor([mask is not None for mask in masks]).float()
    label = torch.from_numpy(images.abnormal[places]).float()
    return torch.stack([image for image, _ in pairs]), torch.stack([mask for _, mask in pairs]), label, known


def loss_of(logits, truth, label, known):
    by_pixel = F.binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(dim=(1, 2))
    by_label = F.binary_cross_entropy_with_logits(hottest(logits, LEARNED_SHARE), label, reduction="none")
    return (known * by_pixel + (1 - known) * by_label).mean()


def clock(device, threads):
    """@returns a function that tells seconds of work"""
    return time.monotonic if device.type == "cuda" else lambda: time.process_time() / threads


def train(network, images, device, options):
    """@returns steps and seconds"""
    seconds = clock(device, options.threads)
    optimiser = torch.optim.AdamW(network.parameters(), lr=LEARNING_RATE)
    half = options.batch_size // 2
    classes = [endless(np.flatnonzero(images.abnormal == abnormal).tolist()) for abnormal in (True, False)]
    network.train()
    start, steps, said = seconds(), 0, 0
    while True:
        elapsed = seconds() - start
        progress = elapsed / (60 * options.minutes)
        if progress >= 1 and steps > 0:
            return steps, elapsed
        for group in optimiser.param_groups:
            group["lr"] = LEARNING_RATE * (1 + math.cos(math.pi * min(1, progress))) / 2
        places = [next(own) for own in classes for _ in range(half)]
        batch, truth, label, known = (tensor.to(device) for tensor in make_batch(images, places, options.rotate))
        if options.labels:
            known = torch.zeros_like(known)
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(network(batch), truth, label, known)
        loss.backward()
        optimiser.step()
        steps += 1
        if elapsed - said >= 60:
            said = elapsed
            print(f"step {steps}, {elapsed / 60:.0f} of {options.minutes:g} min, loss {loss.item():.4f}", file=sys.stderr)


@torch.no_grad()
def judge(network, images, device):
    network.eval()
    maps = [network(images.batch([place]).to(device))[0].cpu() for place in range(len(images.files))]
    scores = torch.stack([hottest(logits[None], SCORED_SHARE)[0] for logits in maps]).numpy()
    if not np.isfinite(scores).all():
        raise BadInput("The training diverged: scores are NaN or infinite. Try another --seed.")
    # Normal images have no defect anywhere; where those of an abnormal one are is not known without its mask.
    known = [(logits.numpy(), mask) for logits, mask in zip(maps, images.masks) if mask is not None]
    normal = int((~images.abnormal).sum())
    return {
        "counts": {"normal": normal, "abnormal": len(maps) - normal, "masks": len(known) - normal},
        "auroc": auroc(scores, images.abnormal),
        "pixels": pixel_figures(*zip(*known)) if len(known) > normal else None,
    }


# --- the command line ---------------------------------------------------------------------------------------------------


def number(kind, least, what):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = math.nan
        if not least <= value < math.inf:
            raise argparse.ArgumentTypeError(f"expected {what}, got {text}")
        return value

    return parse


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", metavar="DATA", help="the data folder")
    parser.add_argument("--json", required=True, help="file for the results")
    parser.add_argument("--minutes", type=number(float, 0.001, "minutes above 0"), default=30, help="of training; default: 30")
    parser.add_argument("--labels", action="store_true", help="learn from the images' labels, without masks")
    side = number(int, 2 * SIDE_MULTIPLE, f"a whole number from {2 * SIDE_MULTIPLE} on")
    parser.add_argument("--size", type=side, default=256, help="the most that images are a side, in px; default: 256")
    batch = number(int, 2, "a whole number from 2 on, half of which are abnormal")
    parser.add_argument("--batch-size", type=batch, default=8, help="default: 8")
    parser.add_argument("--rotate", action="store_true", help="random quarter turns besides the flips")
    parser.add_argument("--seed", type=number(int, 0, "a whole number from 0 on"), default=0, help="default: 0")
    threads = number(int, 1, "a whole number from 1 on")
    parser.add_argument("--threads", type=threads, default=os.cpu_count() or 1, help="of the CPU; default: one a core")
    parser.add_argument("--cpu", action="store_true", help="compute on the CPU though there is a GPU")
    return parser.parse_args()


def run(options):
    folder = os.path.dirname(os.path.abspath(options.json))
    if not os.path.isdir(folder) or os.path.isdir(options.json):
        raise BadInput(f"Cannot write {options.json}: expected the name of a file in a folder that is there.")
    random.seed(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    cuda = torch.cuda.is_available() and not options.cpu
    device = torch.device("cuda" if cuda else "cpu")
    training, test = read_folder(options.data, options.size)
    if not any(mask is not None and abnormal for mask, abnormal in zip(training.masks, training.abnormal)):
        options.labels = True
    channels, size = training.pixels.shape[1], training.pixels.shape[-1]
    network = UNet(channels).to(device)
    steps, seconds = train(network, training, device, options)
    results = {
        "command": " ".join(sys.argv),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": torch.cuda.get_device_name(device) if cuda else f"CPU, {options.threads} threads",
        "versions": {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "pillow": PIL.__version__,
            "cuda": torch.version.cuda if cuda else None,
        },
        "learnedFrom": "labels" if options.labels else "masks",
        "seed": options.seed,
        "size": size,
        "channels": channels,
        "trainedOn": len(training.files),
        "steps": steps,
        "seconds": seconds,
        **judge(network, test, device),
    }
    # Whole or not at all, so that a killed run leaves nothing that looks like results.
    with open(f"{options.json}.partial", "w", encoding="utf-8") as file:
        json.dump(results, file, indent=2)
        file.write("\n")
    os.replace(f"{options.json}.partial", options.json)
    print(json.dumps({"auroc": results["auroc"], "pixels": results["pixels"], "json": options.json}))


def main():
    try:
        run(read_options())
    except (BadInput, OSError) as error:
        sys.exit(f"torch_unet.py: {error}")
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
