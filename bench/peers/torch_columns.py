#!/usr/bin/env python3
"""Computes the columns of `npm run bench:peers` with PyTorch on the CPU, as torch.ts asks: that writes the problems into a folder.

    python3 bench/peers/torch_columns.py FOLDER [--once] [COLUMN…]

FOLDER has problems.json (networks as lists of layers, and where each tensor lies) and tensors.bin (float32, little-endian). Prints the
report of contender.ts as the last line. Networks are functions of torch.nn.functional in f32, with a thread for each processor and
PyTorch's default layout; Adam is torch.optim's.
"""

import json
import math
import os
import statistics
import sys
import time
import traceback

import numpy as np
import torch
from torch.nn import functional as F

#: As in contender.ts.
SAMPLE_SECONDS = 0.1
MOST_RUNS = 10
MOST_VALUES = 2000
STRIDE = 7919


class Problems:
    def __init__(self, folder):
        with open(os.path.join(folder, "problems.json"), encoding="utf-8") as file:
            self.document = json.load(file)
        self.values = torch.from_numpy(np.fromfile(os.path.join(folder, "tensors.bin"), dtype="<f4"))

    def tensors(self, name):
        """Those of a network or of the images, by name; each may be trained on its own."""
        return {
            key: self.values[offset : offset + math.prod(shape)].reshape(shape).clone()
            for key, (offset, shape) in self.document["tensors"][name].items()
        }

    def image(self, index):
        """An image [1,H,W,C] as [1,C,H,W]."""
        return self.tensors("images")[index].permute(0, 3, 1, 2).contiguous()


def network(layers, weights, x, constants):
    for layer in layers:
        kind = layer["kind"]
        if kind in ("conv", "convTranspose"):
            weight, bias = (weights.get(f"{layer['name']}.{what}") for what in ("weight", "bias"))
            stride, padding = layer["stride"], layer["padding"]
            if kind == "convTranspose":
                x = F.conv_transpose2d(x, weight, bias, stride, padding, layer["outputPadding"])
            elif layer["reflect"]:
                x = F.conv2d(F.pad(x, (padding,) * 4, mode="reflect"), weight, bias, stride)
            else:
                x = F.conv2d(x, weight, bias, stride, padding)
        elif kind == "norm":
            x = F.instance_norm(x, eps=constants["normEps"])
        elif kind == "residual":
            x = x + network(layer["layers"], weights, x, constants)
        elif kind == "relu":
            x = F.relu(x)
        elif kind == "leakyRelu":
            x = F.leaky_relu(x, constants["leakySlope"])
        elif kind == "tanh":
            x = torch.tanh(x)
        else:
            raise ValueError(f"a layer of kind {kind} is new")
    return x


def forward(problems, column):
    """@returns what runs it once, and what it computes, [H,W,C]"""
    document = problems.document
    layers, weights, x = document["forward"][column], problems.tensors(column), problems.image(column)

    def run():
        with torch.no_grad():
            return network(layers, weights, x, document["constants"])

    return run, lambda: run()[0].permute(1, 2, 0).reshape(-1).tolist()


class Step:
    """One step of both generators, then one of both discriminators on the fakes made before."""

    def __init__(self, problems):
        document = problems.document
        self.training, self.constants = document["training"], document["constants"]
        self.layers = document["networks"]
        self.weights = {name: problems.tensors(name) for name in ("G_A", "G_B", "D_A", "D_B")}
        for tensors in self.weights.values():
            for tensor in tensors.values():
                tensor.requires_grad_(True)
        self.a, self.b = problems.image("a"), problems.image("b")
        self.generators, self.discriminators = (self.adam(letter) for letter in "GD")
        self.losses = []

    def adam(self, letter):
        parameters = [tensor for side in "AB" for tensor in self.weights[f"{letter}_{side}"].values()]
        training = self.training
        return torch.optim.Adam(parameters, lr=training["lr"], betas=training["betas"], eps=training["eps"])

    def net(self, name, x):
        layers = self.layers["generator" if name[0] == "G" else "discriminator"]
        return network(layers, self.weights[name], x, self.constants)

    def freeze(self, frozen):
        for name in ("D_A", "D_B"):
            for tensor in self.weights[name].values():
                tensor.requires_grad_(not frozen)

    def run(self):
        a, b, training = self.a, self.b, self.training
        square = lambda judged, label: torch.mean((judged - label) ** 2)
        self.freeze(True)
        fake_b = self.net("G_A", a)
        cycled_a = self.net("G_B", fake_b)
        fake_a = self.net("G_B", b)
        cycled_b = self.net("G_A", fake_a)
        half = training["lambdaIdentity"]
        losses = {
            "G_A": square(self.net("D_A", fake_b), 1),
            "G_B": square(self.net("D_B", fake_a), 1),
            "cycle_A": training["lambdaA"] * F.l1_loss(cycled_a, a),
            "cycle_B": training["lambdaB"] * F.l1_loss(cycled_b, b),
            "idt_A": training["lambdaB"] * half * F.l1_loss(self.net("G_A", b), b),
            "idt_B": training["lambdaA"] * half * F.l1_loss(self.net("G_B", a), a),
        }
        self.update(self.generators, losses)
        self.freeze(False)
        for name, real, fake in (("D_A", b, fake_b.detach()), ("D_B", a, fake_a.detach())):
            losses[name] = 0.5 * (square(self.net(name, real), 1) + square(self.net(name, fake), 0))
        self.update(self.discriminators, {name: losses[name] for name in ("D_A", "D_B")})
        self.losses = [losses[name].item() for name in self.training["lossNames"]]

    @staticmethod
    def update(optimiser, losses):
        optimiser.zero_grad(set_to_none=True)
        sum(losses.values()).backward()
        optimiser.step()

    def output(self):
        values = []
        for _ in range(2):
            self.run()
            values += self.losses
        return values


def measure(run, is_once):
    def sample(runs):
        start = time.perf_counter()
        for _ in range(runs):
            run()
        return 1000 * (time.perf_counter() - start) / runs

    once = sample(1)
    if is_once:
        return {"median": once, "min": once, "max": once, "samples": 1, "runs": 1}
    runs = min(MOST_RUNS, math.ceil(1000 * SAMPLE_SECONDS / once))
    times = [sample(runs) for _ in range(3 if once > 2000 else 9)]
    return {"median": statistics.median(times), "min": min(times), "max": max(times), "samples": len(times), "runs": runs}


def scattered(values):
    stride = STRIDE if len(values) > MOST_VALUES else 1
    return [float(f"{values[i * stride % len(values)]:.7g}") for i in range(min(len(values), MOST_VALUES))]


def outcome(problems, column, is_once):
    try:
        if column == "step":
            step = Step(problems)
            run, output = step.run, step.output
        else:
            run, output = forward(problems, column)
        values = scattered(output())
        timing = measure(run, is_once)
        print(f"torch {column}: {timing['median']:.1f} ms", file=sys.stderr)
        return {"timing": timing, "values": values}
    except Exception as error:
        traceback.print_exc()
        return {"missing": f"{type(error).__name__}: {error}"}


def main():
    folder, *words = sys.argv[1:]
    # Its default is one a core, which may be half of what Cyclops' device uses.
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    asked = [word for word in words if word != "--once"]
    problems = Problems(folder)
    columns = {
        column: outcome(problems, column, "--once" in words)
        for column in problems.document["columns"]
        if not asked or column in asked
    }
    version = f"{torch.__version__}, {torch.get_num_threads()} threads"
    print(json.dumps({"name": "torch", "version": version, "adapter": None, "columns": columns}))


if __name__ == "__main__":
    main()
