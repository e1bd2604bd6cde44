"""Writes batchnorm.json: losses, gradients and statistics of small networks with batch normalization, by PyTorch in double."""
import json
import pathlib

import torch
from torch import nn

SLICES = [5, 4, 7]


def rounded(tensor):
    return [float(f"{v:.9g}") for v in tensor.detach().flatten().tolist()]


def loss_of(net, x, t):
    """The sum over slices, each of which a training network normalizes by itself."""
    losses, start = [], 0
    for count in SLICES:
        losses.append(nn.functional.cross_entropy(net(x[start:start + count]), t[start:start + count], reduction="sum"))
        start += count
    return sum(losses)


def gradients_of(net, loss):
    net.zero_grad()
    loss.backward()
    return {name: rounded(p.grad) for name, p in net.named_parameters()}


def case(name, seed, shape, net):
    torch.manual_seed(seed)
    norm = net.norm
    # Momentum 1: after a slice the running statistics are its own.
    norm.momentum, statistics = 1.0, []
    norm.register_forward_hook(lambda m, i, o: statistics.append((len(i[0]), m.running_mean.clone(), m.running_var.clone())))
    with torch.no_grad():
        for p in net.parameters():
            p.copy_((torch.randn_like(p) * 0.6).float().double())
    x, t = (torch.randn(sum(SLICES), *shape) * 1.7 + 0.8).float().double(), torch.randint(0, 3, (sum(SLICES),))
    loss = loss_of(net, x, t)
    gradients = gradients_of(net, loss)
    mean, variance = (sum(s[0] * s[k] for s in statistics) for k in (1, 2))
    norm.running_mean.copy_(mean / sum(SLICES))
    norm.running_var.copy_(variance / sum(SLICES))
    net.eval()
    evaluated = loss_of(net, x, t)
    return {
        "name": name, "shape": list(shape), "slices": SLICES, "epsilon": norm.eps, "x": rounded(x), "t": [float(v) for v in t],
        "parameters": {k: rounded(p) for k, p in net.named_parameters()}, "loss": loss.item(), "gradients": gradients,
        "meanSum": rounded(mean), "varianceSum": rounded(variance), "evaluated": evaluated.item(), "constantGradients": gradients_of(net, evaluated),
    }


def named(**modules):
    net = nn.Sequential()
    for name, module in modules.items():
        net.add_module(name, module)
    return net


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    cases = [
        case("features", 1, (4,), named(first=nn.Linear(4, 5), norm=nn.BatchNorm1d(5, eps=1e-3), act=nn.Tanh(), last=nn.Linear(5, 3))),
        case("planes", 2, (3, 1, 17), named(norm=nn.BatchNorm2d(3), flat=nn.Flatten(), last=nn.Linear(51, 3))),
    ]
    pathlib.Path(__file__).with_name("batchnorm.json").write_text(json.dumps(cases) + "\n")
