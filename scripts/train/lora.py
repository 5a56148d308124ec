"""Low-rank adaptation (arXiv:2106.09685): linear layers learn a product of two thin matrices beside their own weight."""

import math

import torch
from torch import nn
from torch.nn import functional as F


class LoraLinear(nn.Module):
    def __init__(self, linear, rank):
        super().__init__()
        outputs, inputs = linear.weight.shape
        self.weight = nn.Parameter(linear.weight.detach(), requires_grad=False)
        self.down = nn.Parameter(torch.empty(rank, inputs, dtype=linear.weight.dtype))
        self.up = nn.Parameter(torch.zeros(outputs, rank, dtype=linear.weight.dtype))
        nn.init.kaiming_uniform_(self.down, a=math.sqrt(5))

    def forward(self, x):
        return F.linear(x, self.weight) + F.linear(F.linear(x, self.down), self.up)


def add(model, rank):
    """Puts adapters on every linear layer; all else is frozen."""
    model.requires_grad_(False)
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear):
                setattr(module, name, LoraLinear(child, rank))


@torch.no_grad()
def merge(model):
    """Adds the products to the weights, as plain linear layers."""
    for module in list(model.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, LoraLinear):
                linear = nn.Linear(child.weight.shape[1], child.weight.shape[0], bias=False)
                linear.weight = nn.Parameter(child.weight.float() + child.up.float() @ child.down.float())
                setattr(module, name, linear)
