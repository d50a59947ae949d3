#!/usr/bin/env python3
"""Times a Cycle-GAN of PyTorch: what Cyclops is held against on a GPU host.

    python3 bench/peers/torch_cyclegan.py --json torch.json            # training step, generator, convolutions, ceilings
    python3 bench/peers/torch_cyclegan.py --json c.json --only compile # the step under torch.compile, which may take a minute
    python3 bench/peers/torch_cyclegan.py --json t.json --cpu --quick  # tries the script without a GPU

The networks, losses and order of a step are the reference's: resnet generator with 9 blocks, 70 × 70 PatchGAN, LSGAN with
cycle and identity losses, one Adam for both generators and one for both discriminators, pools of 50 images. Needs PyTorch
from 1.13 on and nothing else. The file of results is written anew after every measurement, so a killed run leaves what it had.
"""

import argparse
import gc
import itertools
import json
import os
import platform
import random
import statistics
import sys
import time
import traceback
from dataclasses import asdict, dataclass
from functools import partial

import torch
from torch import nn
from torch.nn import functional as F

LAMBDA_CYCLE = 10.0
LAMBDA_IDENTITY = 5.0
POOL_SIZE = 50
LEAKY_SLOPE = 0.2


# --- the networks -------------------------------------------------------------------------------------------------------


def norm(channels):
    return nn.InstanceNorm2d(channels, affine=False, track_running_stats=False)


class ResnetBlock(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.block = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            norm(channels),
            nn.ReLU(inplace=True),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            norm(channels),
        )

    def forward(self, x):
        return x + self.block(x)


def generator(ngf, blocks, channels=3):
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(channels, ngf, 7), norm(ngf), nn.ReLU(inplace=True)]
    for width in (ngf, 2 * ngf):
        layers += [nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), norm(2 * width), nn.ReLU(inplace=True)]
    layers += [ResnetBlock(4 * ngf) for _ in range(blocks)]
    for width in (4 * ngf, 2 * ngf):
        up = nn.ConvTranspose2d(width, width // 2, 3, stride=2, padding=1, output_padding=1)
        layers += [up, norm(width // 2), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(ngf, channels, 7), nn.Tanh())


def discriminator(ndf, channels=3):
    layers = [nn.Conv2d(channels, ndf, 4, stride=2, padding=1), nn.LeakyReLU(LEAKY_SLOPE, inplace=True)]
    for width, stride in ((ndf, 2), (2 * ndf, 2), (4 * ndf, 1)):
        conv = nn.Conv2d(width, 2 * width, 4, stride=stride, padding=1)
        layers += [conv, norm(2 * width), nn.LeakyReLU(LEAKY_SLOPE, inplace=True)]
    return nn.Sequential(*layers, nn.Conv2d(8 * ndf, 1, 4, padding=1))


def initialise(module):
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
        nn.init.zeros_(module.bias)


# --- the training step --------------------------------------------------------------------------------------------------


class ImagePool:
    """Images that were made before, which the discriminators are shown again."""

    def __init__(self):
        self.images = []

    def exchange(self, batch):
        shown = []
        for image in batch.split(1):
            if len(self.images) < POOL_SIZE:
                self.images.append(image.clone())
            elif random.random() > 0.5:
                place = random.randrange(POOL_SIZE)
                image, self.images[place] = self.images[place], image.clone()
            shown.append(image)
        return torch.cat(shown)


@dataclass(frozen=True)
class Mode:
    """How PyTorch computes."""

    name: str
    #: Whether convolutions of f32 may round their operands to TF32, which is PyTorch's default.
    tf32: bool
    #: f16 where autocast allows it, with loss scaling.
    amp: bool
    channels_last: bool
    #: Whether cuDNN measures which of its algorithms is fastest.
    benchmark: bool

    def enter(self):
        torch.backends.cudnn.allow_tf32 = self.tf32
        torch.backends.cuda.matmul.allow_tf32 = self.tf32
        torch.backends.cudnn.benchmark = self.benchmark

    @property
    def memory_format(self):
        return torch.channels_last if self.channels_last else torch.contiguous_format

    def autocast(self):
        return torch.autocast("cuda", dtype=torch.float16, enabled=self.amp)


MODES = [
    Mode("fp32", tf32=False, amp=False, channels_last=False, benchmark=False),
    Mode("fp32_benchmark", tf32=False, amp=False, channels_last=False, benchmark=True),
    Mode("default", tf32=True, amp=False, channels_last=False, benchmark=False),
    Mode("tf32_channels_last", tf32=True, amp=False, channels_last=True, benchmark=True),
    Mode("amp", tf32=False, amp=True, channels_last=True, benchmark=True),
]


def gradient_scaler(enabled):
    # PyTorch 2.3 gave it a new place.
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler("cuda", enabled=enabled)
    return torch.cuda.amp.GradScaler(enabled=enabled)


class CycleGAN:
    def __init__(self, device, mode, workload, compiled=False):
        self.mode = mode
        compile = partial(torch.compile, dynamic=False) if compiled else lambda network: network
        make = lambda network: compile(network.apply(initialise).to(device, memory_format=mode.memory_format))
        self.G_A, self.G_B = (make(generator(workload.ngf, workload.blocks)) for _ in "AB")
        self.D_A, self.D_B = (make(discriminator(workload.ngf)) for _ in "AB")
        fused = {"fused": True} if device.type == "cuda" else {}
        adam = lambda *networks: torch.optim.Adam(
            itertools.chain(*(network.parameters() for network in networks)), lr=2e-4, betas=(0.5, 0.999), **fused
        )
        self.generator_optimiser = adam(self.G_A, self.G_B)
        self.discriminator_optimiser = adam(self.D_A, self.D_B)
        self.discriminators = list(itertools.chain(self.D_A.parameters(), self.D_B.parameters()))
        self.scaler = gradient_scaler(enabled=mode.amp)
        self.pool_A, self.pool_B = ImagePool(), ImagePool()

    def generator_losses(self, a, b):
        fake_B = self.G_A(a)
        rec_A = self.G_B(fake_B)
        fake_A = self.G_B(b)
        rec_B = self.G_A(fake_A)
        on_B, on_A = self.D_A(fake_B), self.D_B(fake_A)
        losses = (
            F.mse_loss(on_B, torch.ones_like(on_B)),
            F.mse_loss(on_A, torch.ones_like(on_A)),
            LAMBDA_CYCLE * F.l1_loss(rec_A, a),
            LAMBDA_CYCLE * F.l1_loss(rec_B, b),
            LAMBDA_IDENTITY * F.l1_loss(self.G_A(b), b),
            LAMBDA_IDENTITY * F.l1_loss(self.G_B(a), a),
        )
        return fake_A, fake_B, losses

    def discriminator_losses(self, a, b, shown_A, shown_B):
        def loss(network, real, fake):
            on_real, on_fake = network(real), network(fake)
            return 0.5 * (F.mse_loss(on_real, torch.ones_like(on_real)) + F.mse_loss(on_fake, torch.zeros_like(on_fake)))

        return loss(self.D_A, b, shown_B), loss(self.D_B, a, shown_A)

    def update(self, optimiser, losses):
        optimiser.zero_grad(set_to_none=True)
        self.scaler.scale(sum(losses)).backward()
        self.scaler.step(optimiser)

    def step(self, a, b):
        """@returns the losses, which stay on the device"""
        for parameter in self.discriminators:
            parameter.requires_grad_(False)
        with self.mode.autocast():
            fake_A, fake_B, losses = self.generator_losses(a, b)
        self.update(self.generator_optimiser, losses)
        for parameter in self.discriminators:
            parameter.requires_grad_(True)
        shown_A = self.pool_A.exchange(fake_A.detach())
        shown_B = self.pool_B.exchange(fake_B.detach())
        with self.mode.autocast():
            more = self.discriminator_losses(a, b, shown_A, shown_B)
        self.update(self.discriminator_optimiser, more)
        self.scaler.update()
        return [loss.detach() for loss in (*losses, *more)]


# --- measuring ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Workload:
    ngf: int
    blocks: int
    size: int
    batches: tuple


FULL = Workload(ngf=64, blocks=9, size=256, batches=(1, 16))
QUICK = Workload(ngf=8, blocks=2, size=64, batches=(1, 2))


def spread(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


class Clock:
    def __init__(self, device, seconds):
        self.cuda = device.type == "cuda"
        self.seconds = seconds

    def synchronise(self):
        if self.cuda:
            torch.cuda.synchronize()

    def warm_up(self, work, runs):
        """@returns milliseconds of one run afterwards"""
        for _ in range(runs):
            work()
        self.synchronise()
        start = time.perf_counter()
        work()
        self.synchronise()
        return 1000 * (time.perf_counter() - start)

    def between(self, work, runs=2, most=50):
        """Runs one after another without a wait between them: milliseconds of each on the device, and of the host to hand one
        over."""
        once = self.warm_up(work, runs)
        repeats = max(3, min(most, int(1000 * self.seconds / once)))
        host = []
        if self.cuda:
            marks = [torch.cuda.Event(enable_timing=True) for _ in range(repeats + 1)]
            marks[0].record()
        start = previous = time.perf_counter()
        times = []
        for i in range(repeats):
            work()
            now = time.perf_counter()
            host.append(1000 * (now - previous))
            previous = now
            if self.cuda:
                marks[i + 1].record()
        self.synchronise()
        wall = 1000 * (time.perf_counter() - start) / repeats
        times = [a.elapsed_time(b) for a, b in zip(marks, marks[1:])] if self.cuda else host
        return {"milliseconds": spread(times), "hostMilliseconds": spread(host), "wallMilliseconds": wall}

    def kernel(self, work):
        """Of short work: milliseconds of one run when many follow one another."""
        once = self.warm_up(work, 2)
        repeats = max(3, min(50, int(200 * self.seconds / max(once, 1e-3))))
        samples = []
        for _ in range(5):
            if self.cuda:
                begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
                begin.record()
                for _ in range(repeats):
                    work()
                end.record()
                end.synchronize()
                samples.append(begin.elapsed_time(end) / repeats)
            else:
                start = time.perf_counter()
                work()
                samples.append(1000 * (time.perf_counter() - start))
        return spread(samples)


class Report:
    """Results, written to the file after each."""

    def __init__(self, path, head):
        self.path = path
        self.content = {**head, "results": {}, "failures": []}
        self.write()

    def write(self):
        def rounded(value):
            if isinstance(value, float):
                return float(f"{value:.6g}")
            if isinstance(value, dict):
                return {key: rounded(item) for key, item in value.items()}
            return [rounded(item) for item in value] if isinstance(value, (list, tuple)) else value

        partial = f"{self.path}.partial"
        with open(partial, "w") as file:
            json.dump(rounded(self.content), file, indent=2)
        os.replace(partial, self.path)

    def measure(self, part, what, work):
        """Adds what `work` returns, and what `what` says of it, to a part; a failure is noted and does not stop the rest."""
        name = " ".join(str(value) for value in what.values())
        start = time.perf_counter()
        try:
            result = work()
            self.content["results"].setdefault(part, []).append({**what, **result})
            print(f"{part} {name}: {time.perf_counter() - start:.1f} s", file=sys.stderr)
        except Exception as error:  # Out of memory, an unsupported device, a compiler that is missing: the rest still counts.
            self.content["failures"].append({"part": part, **what, "error": f"{type(error).__name__}: {error}"[:500]})
            print(f"{part} {name} failed: {error}", file=sys.stderr)
            if not isinstance(error, RuntimeError):
                traceback.print_exc()
        gc.collect()
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
        self.write()


def images(device, workload, batch, mode):
    shape = (batch, 3, workload.size, workload.size)
    make = lambda: (2 * torch.rand(shape, device=device) - 1).contiguous(memory_format=mode.memory_format)
    return make(), make()


def measure_step(device, clock, mode, workload, batch, compiled=False):
    mode.enter()
    if compiled:
        # All networks are nn.Sequential, whose code is compiled anew for each kind of network and of gradient.
        torch._dynamo.reset()
        torch._dynamo.config.cache_size_limit = 64
    model = CycleGAN(device, mode, workload, compiled)
    a, b = images(device, workload, batch, mode)
    if clock.cuda:
        torch.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    model.step(a, b)
    clock.synchronise()
    first = time.perf_counter() - start
    losses = []

    def step():
        losses[:] = model.step(a, b)

    result = clock.between(step)
    return {
        **result,
        "firstStepSeconds": first,
        "peakBytes": torch.cuda.max_memory_allocated() if clock.cuda else None,
        "reservedBytes": torch.cuda.max_memory_reserved() if clock.cuda else None,
        "losses": [loss.item() for loss in losses],
    }


def measure_generator(device, clock, mode, workload, batch):
    mode.enter()
    network = generator(workload.ngf, workload.blocks).apply(initialise).to(device, memory_format=mode.memory_format)
    x, _ = images(device, workload, batch, mode)

    def forward():
        with torch.no_grad(), mode.autocast():
            network(x)

    return clock.between(forward)


def convolutions(workload):
    """The distinct convolutions of a generator and a discriminator: (layer, shape of its input without batch, mirrored border)."""
    found = {}

    def walk(network):
        border = [0]

        def note(layer, inputs, _):
            if isinstance(layer, nn.ReflectionPad2d):
                border[0] = layer.padding[0]
                return
            shape = tuple(inputs[0].shape[1:])
            key = (type(layer), layer.weight.shape, layer.stride, layer.padding, shape, border[0])
            found.setdefault(key, (layer, shape, border[0]))
            border[0] = 0

        for module in network.modules():
            if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d, nn.ReflectionPad2d)):
                module.register_forward_hook(note)
        with torch.no_grad():
            network(torch.zeros(1, 3, workload.size, workload.size))

    walk(generator(workload.ngf, min(workload.blocks, 1)))
    walk(discriminator(workload.ngf))
    return list(found.values())


def describe(layer, shape, border, batch, output):
    """The problem as `cyclops bench kernels` names it. Under a transposed convolution lies a convolution with its ends swapped."""
    kernel, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
    at = lambda shape, border: f"[{batch},{shape[1] - 2 * border},{shape[2] - 2 * border},{shape[0]}]"
    ends = [at(shape, border), at(output, 0)]
    if isinstance(layer, nn.ConvTranspose2d):
        ends.reverse()
    mode = " reflect" if border else " zeros" if padding else ""
    return f"{kernel}×{kernel} s{stride} p{padding or border}{mode} {ends[0]}→{ends[1]}"


def measure_convolution(device, clock, precision, layer, shape, border, batch, direction):
    """One pass of a convolution. A mirrored border is there already: PyTorch makes it in a launch of its own, not timed here."""
    half, channels_last = precision == "f16", precision != "fp32"
    Mode(precision, tf32=precision == "tf32", amp=half, channels_last=channels_last, benchmark=True).enter()
    layout = {
        "dtype": torch.float16 if half else torch.float32,
        "memory_format": torch.channels_last if channels_last else torch.contiguous_format,
    }
    transposed = isinstance(layer, nn.ConvTranspose2d)
    x = torch.rand(batch, *shape, device=device).to(**layout)
    weight = layer.weight.detach().to(device, **layout)
    bias = layer.bias.detach().to(device, dtype=layout["dtype"])
    how = (list(layer.stride), list(layer.padding), [1, 1], transposed, list(layer.output_padding), 1)
    forward = lambda: torch.ops.aten.convolution(x, weight, bias, *how)
    y = forward()
    gradient = torch.rand(y.shape, device=device).to(**layout)
    back = lambda *mask: torch.ops.aten.convolution_backward(
        gradient, x, weight, [bias.shape[0]], *how, output_mask=list(mask)
    )
    work = {"forward": forward, "dgrad": lambda: back(True, False, False), "wgrad": lambda: back(False, True, False)}
    # Every input of a transposed convolution meets every weight, and every output of an ordinary one.
    places = x.shape[0] * x.shape[2] * x.shape[3] if transposed else y.shape[0] * y.shape[2] * y.shape[3]
    flops = 2 * places * weight.numel()
    milliseconds = clock.kernel(work[direction])
    operations = {"forward": "conv2d.forward", "dgrad": "conv2d.inputGrad", "wgrad": "conv2d.weightGrad"}
    if transposed:
        operations |= {"forward": "conv2d.inputGrad", "dgrad": "conv2d.forward"}
    return {
        "operation": operations[direction],
        "problem": describe(layer, shape, border, batch, tuple(y.shape[1:])),
        "milliseconds": milliseconds,
        "flops": flops,
        "gflopsPerSecond": flops / milliseconds["median"] / 1e6,
    }


def measure_products(device, clock, precision, side):
    """What a large product of matrices reaches, as the device's practical ceiling in this precision."""
    Mode(precision, tf32=precision == "tf32", amp=False, channels_last=False, benchmark=True).enter()
    dtype = torch.float16 if precision == "f16" else torch.float32
    a, b = (torch.rand(side, side, device=device).to(dtype) for _ in "ab")
    milliseconds = clock.kernel(lambda: a @ b)
    return {"milliseconds": milliseconds, "gflopsPerSecond": 2 * side**3 / milliseconds["median"] / 1e6}


def measure_copy(device, clock, count):
    x, y = (torch.ones(count, device=device) for _ in "xy")
    milliseconds = clock.kernel(lambda: y.copy_(x))
    return {"milliseconds": milliseconds, "gigabytesPerSecond": 8 * count / milliseconds["median"] / 1e6}


def head(device, workload):
    cuda = device.type == "cuda"
    properties = torch.cuda.get_device_properties(device) if cuda else None
    return {
        "command": " ".join(sys.argv),
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "device": properties.name if properties else platform.processor() or platform.machine(),
        "memoryBytes": properties.total_memory if properties else None,
        "versions": {
            "torch": torch.__version__,
            "python": platform.python_version(),
            "cuda": torch.version.cuda,
            "cudnn": torch.backends.cudnn.version() if cuda else None,
        },
        "workload": asdict(workload),
        "modes": [asdict(mode) for mode in MODES],
    }


PARTS = ("step", "generator", "convolution", "ceiling", "compile")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", required=True, help="file for the results")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS[:-1], help="parts; default: all but compile")
    parser.add_argument(
        "--modes", nargs="+", choices=[mode.name for mode in MODES], default=["fp32", "default", "amp"], help="default: fp32 default amp"
    )
    parser.add_argument("--seconds", type=float, default=1.0, help="to repeat each measurement for, of convolutions a tenth")
    parser.add_argument("--quick", action="store_true", help="small networks and images")
    parser.add_argument("--cpu", action="store_true", help="compute on the CPU, in f32 alone")
    options = parser.parse_args()
    if not options.cpu and not torch.cuda.is_available():
        sys.exit("torch_cyclegan.py: PyTorch finds no CUDA device here; --cpu tries the script without one.")

    device = torch.device("cpu" if options.cpu else "cuda")
    workload = QUICK if options.quick else FULL
    modes = MODES[:1] if options.cpu else [mode for mode in MODES if mode.name in options.modes]
    precisions = ["fp32"] if options.cpu else ["fp32", "tf32", "f16"]
    seconds = options.seconds / 10 if options.quick else options.seconds
    clock, short = Clock(device, seconds), Clock(device, seconds / 10)
    random.seed(1)
    torch.manual_seed(1)
    report = Report(options.json, head(device, workload))

    def each(part, work):
        if part not in options.only:
            return
        for batch in workload.batches:
            for mode in modes:
                report.measure(part, {"mode": mode.name, "batch": batch}, lambda: work(device, clock, mode, workload, batch))

    each("step", measure_step)
    each("generator", measure_generator)
    if "ceiling" in options.only:
        count = 2**20 if options.quick else 2**28
        report.measure("ceiling", {"what": "copy"}, lambda: measure_copy(device, short, count))
        for precision in precisions:
            side = 512 if options.quick else 8192
            report.measure(
                "ceiling", {"what": f"product {precision}"}, lambda: measure_products(device, short, precision, side)
            )
    if "convolution" in options.only:
        for batch, precision, (layer, shape, border), direction in itertools.product(
            workload.batches, precisions, convolutions(workload), ("forward", "dgrad", "wgrad")
        ):
            what = {
                "precision": precision,
                "batch": batch,
                "layer": type(layer).__name__,
                "weight": list(layer.weight.shape),
                "direction": direction,
            }
            report.measure(
                "convolution",
                what,
                lambda: measure_convolution(device, short, precision, layer, shape, border, batch, direction),
            )
    if "compile" in options.only:
        for batch, mode in itertools.product(workload.batches, modes[:1] if options.cpu else modes[:-3:-1]):
            report.measure(
                "compile",
                {"mode": mode.name, "batch": batch},
                lambda: measure_step(device, clock, mode, workload, batch, compiled=True),
            )
    print(json.dumps({"failures": len(report.content["failures"]), "json": options.json}))


if __name__ == "__main__":
    main()
