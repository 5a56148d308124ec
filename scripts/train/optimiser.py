"""AdamW over f32 copies of the weights, a warm-up–stable–decay schedule, and checkpoints that a run resumes from."""

import os

import torch


def rate_at(step, steps, peak, warmup, decay):
    """Learning rate: linear up over `warmup` steps, level, linear down to zero over the last `decay` steps
    (arXiv:2404.06395)."""
    return peak * min(1.0, (step + 1) / max(1, warmup), (steps - step) / max(1, decay))


class Optimiser:
    """The model computes in its own type, often bf16; sums of small steps need f32."""

    def __init__(self, model, weight_decay=0.01, betas=(0.9, 0.98), most_norm=1.0):
        self.weights = [weight for weight in model.parameters() if weight.requires_grad]
        self.masters = [weight.detach().float().clone().requires_grad_() for weight in self.weights]
        matrices = [master for master in self.masters if master.dim() > 1]
        others = [master for master in self.masters if master.dim() <= 1]
        groups = [{"params": matrices, "weight_decay": weight_decay}, {"params": others, "weight_decay": 0.0}]
        self.adam = torch.optim.AdamW(groups, betas=betas, eps=1e-8, fused=True)
        self.most_norm = most_norm

    def step(self, rate):
        """One step along the gradients in the model, which are cleared. Gives their norm."""
        for weight, master in zip(self.weights, self.masters):
            master.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None
        norm = torch.nn.utils.clip_grad_norm_(self.masters, self.most_norm)
        for group in self.adam.param_groups:
            group["lr"] = rate
        self.adam.step()
        with torch.no_grad():
            for weight, master in zip(self.weights, self.masters):
                weight.copy_(master)
        return norm.item()

    def state(self):
        return {"masters": self.masters, "adam": self.adam.state_dict()}

    def restore(self, state):
        with torch.no_grad():
            for weight, master, saved in zip(self.weights, self.masters, state["masters"], strict=True):
                master.copy_(saved)
                weight.copy_(saved)
        self.adam.load_state_dict(state["adam"])


@torch.no_grad()
def load_weights(model, state):
    """Puts the trained weights of a saved `Optimiser` into a model built as it was, without their rounding to bf16."""
    trained = [weight for weight in model.parameters() if weight.requires_grad]
    for weight, master in zip(trained, state["masters"], strict=True):
        weight.data = master.detach().clone()


def save(path, **state):
    """Atomically: a run that is cut off while it saves finds the checkpoint before."""
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    os.replace(partial, path)


def load(path):
    return torch.load(path, weights_only=True)
