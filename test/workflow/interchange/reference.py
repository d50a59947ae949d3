"""The reference's networks, written from their description: models/networks.py of junyanz/pytorch-CycleGAN-and-pix2pix."""

import json
import sys

import torch
from torch import nn


class ResnetBlock(nn.Module):
    def __init__(self, dim, dropout, norm):
        super().__init__()
        parts = [nn.ReflectionPad2d(1), nn.Conv2d(dim, dim, 3, bias=True), norm(dim), nn.ReLU(True)]
        parts += [nn.Dropout(0.5)] if dropout else []
        parts += [nn.ReflectionPad2d(1), nn.Conv2d(dim, dim, 3, bias=True), norm(dim)]
        self.conv_block = nn.Sequential(*parts)

    def forward(self, x):
        return x + self.conv_block(x)


class ResnetGenerator(nn.Module):
    def __init__(self, channels, ngf, blocks, dropout=False, norm=nn.InstanceNorm2d):
        super().__init__()
        parts = [nn.ReflectionPad2d(3), nn.Conv2d(channels, ngf, 7), norm(ngf), nn.ReLU(True)]
        for i in range(2):
            dim = ngf * 2**i
            parts += [nn.Conv2d(dim, 2 * dim, 3, stride=2, padding=1), norm(2 * dim), nn.ReLU(True)]
        parts += [ResnetBlock(4 * ngf, dropout, norm) for _ in range(blocks)]
        for i in range(2):
            dim = ngf * 2 ** (2 - i)
            parts += [nn.ConvTranspose2d(dim, dim // 2, 3, stride=2, padding=1, output_padding=1)]
            parts += [norm(dim // 2), nn.ReLU(True)]
        parts += [nn.ReflectionPad2d(3), nn.Conv2d(ngf, channels, 7), nn.Tanh()]
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        return self.model(x)


class NLayerDiscriminator(nn.Module):
    def __init__(self, channels, ndf, layers):
        super().__init__()
        parts = [nn.Conv2d(channels, ndf, 4, stride=2, padding=1), nn.LeakyReLU(0.2, True)]
        width = 1
        for n in range(1, layers + 1):
            before, width = width, min(2**n, 8)
            stride = 2 if n < layers else 1
            parts += [nn.Conv2d(ndf * before, ndf * width, 4, stride=stride, padding=1)]
            parts += [nn.InstanceNorm2d(ndf * width), nn.LeakyReLU(0.2, True)]
        parts += [nn.Conv2d(ndf * width, 1, 4, stride=1, padding=1)]
        self.model = nn.Sequential(*parts)

    def forward(self, x):
        return self.model(x)


def network(name, sizes, dropout=False, norm=nn.InstanceNorm2d):
    if name.startswith("G"):
        return ResnetGenerator(sizes["channels"], sizes["ngf"], sizes["blocks"], dropout, norm)
    return NLayerDiscriminator(sizes["channels"], sizes["ndf"], sizes["layers"])


def randomise(net):
    # Large enough that each weight shows in the output.
    for parameter in net.parameters():
        nn.init.normal_(parameter, 0, 0.1)
    return net.eval()


def picture(path, sizes):
    side = sizes["side"]
    values = torch.frombuffer(bytearray(open(path, "rb").read()), dtype=torch.float32)
    return values.reshape(1, side, side, sizes["channels"]).permute(0, 3, 1, 2)


def shown(net, x):
    with torch.no_grad():
        return net(x).permute(0, 2, 3, 1).flatten().tolist()


def write(folder, image, sizes):
    """Files as the reference's versions wrote them, and what each network makes of the image."""
    torch.manual_seed(sizes["seed"])
    x = picture(image, sizes)
    made = {}
    for name in ["G_A", "G_B", "D_A", "D_B"]:
        net = randomise(network(name, sizes))
        made[name] = shown(net, x)
        torch.save(net.state_dict(), f"{folder}/latest_net_{name}.pth")
    net = randomise(network("G_A", sizes))
    made["parallel"] = shown(net, x)
    torch.save(nn.DataParallel(net).state_dict(), f"{folder}/parallel.pth")
    old = {}
    for key, value in net.state_dict().items():
        old[key] = value
        if key == "model.1.bias":
            old["model.2.running_mean"] = torch.zeros(sizes["ngf"])
            old["model.2.running_var"] = torch.ones(sizes["ngf"])
            old["model.2.num_batches_tracked"] = torch.tensor(7)
    torch.save(old, f"{folder}/old.pth")
    net = randomise(network("G_A", sizes, dropout=True))
    made["dropout"] = shown(net, x)
    torch.save(net.state_dict(), f"{folder}/dropout.pth")
    half = randomise(network("G_A", sizes)).half()
    made["half"] = shown(half.float(), x)
    torch.save(half.half().state_dict(), f"{folder}/half.pth")
    torch.save(network("G_A", sizes, norm=nn.BatchNorm2d).state_dict(), f"{folder}/batch.pth")
    return made


def load(folder, image, sizes):
    """What networks make of the image that were written elsewhere."""
    x = picture(image, sizes)
    made = {}
    for name in ["G_A", "G_B", "D_A", "D_B"]:
        net = network(name, sizes).eval()
        state = torch.load(f"{folder}/latest_net_{name}.pth", weights_only=True)
        net.load_state_dict(state, strict=True)
        made[name] = shown(net, x)
    return made


if __name__ == "__main__":
    command, folder, image, sizes = sys.argv[1:]
    print(json.dumps({"write": write, "load": load}[command](folder, image, json.loads(sizes))))
