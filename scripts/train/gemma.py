"""Gemma 3, the text model of 270M parameters, for training on a processor or a GPU.

Small on purpose, and fast where `transformers` is general: batches padded on the right need no mask under causal
attention, the head runs over the positions that are scored only, and everything is bf16 with f32 sums. Names of modules
are those of llama.cpp's GGUF, so that weights need no translation; the weight of a norm is the whole factor (GGUF has
the `1 + w` of the paper folded in). Source: Gemma 3 technical report (arXiv:2503.19786) and `transformers`' `gemma3`.
"""

import dataclasses
import math

import torch
from torch import nn
from torch.nn import functional as F


@dataclasses.dataclass(frozen=True)
class Config:
    vocabulary: int
    width: int = 640
    layers: int = 18
    feed_forward: int = 2048
    heads: int = 4
    head_width: int = 256
    epsilon: float = 1e-6
    #: Positions that a local layer looks back; every sixth layer is global.
    window: int = 512
    local_base: float = 10_000.0
    global_base: float = 1_000_000.0

    def is_global(self, layer):
        return (layer + 1) % 6 == 0


class Norm(nn.Module):
    """Root mean square norm (arXiv:1910.07467), computed in f32."""

    def __init__(self, width, epsilon):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.square().mean(-1, keepdim=True) + self.epsilon)
        return (wide * self.weight.float()).to(x.dtype)


def rotate(x, cosine, sine):
    """Rotary positions (arXiv:2104.09864), halves as pairs. `x` is [batch, heads, time, width]."""
    first, second = x.chunk(2, -1)
    return (x.float() * cosine + torch.cat((-second, first), -1).float() * sine).to(x.dtype)


class Layer(nn.Module):
    def __init__(self, config, index):
        super().__init__()
        width, head = config.width, config.head_width
        self.config = config
        self.is_global = config.is_global(index)
        self.attn_norm = Norm(width, config.epsilon)
        self.attn_q = nn.Linear(width, config.heads * head, bias=False)
        self.attn_k = nn.Linear(width, head, bias=False)
        self.attn_v = nn.Linear(width, head, bias=False)
        self.attn_q_norm = Norm(head, config.epsilon)
        self.attn_k_norm = Norm(head, config.epsilon)
        self.attn_output = nn.Linear(config.heads * head, width, bias=False)
        self.post_attention_norm = Norm(width, config.epsilon)
        self.ffn_norm = Norm(width, config.epsilon)
        self.ffn_gate = nn.Linear(width, config.feed_forward, bias=False)
        self.ffn_up = nn.Linear(width, config.feed_forward, bias=False)
        self.ffn_down = nn.Linear(config.feed_forward, width, bias=False)
        self.post_ffw_norm = Norm(width, config.epsilon)

    def projections(self, x, cosine, sine):
        """Queries, keys and values, [batch, heads, time, head width]."""
        batch, time, _ = x.shape
        split = lambda y: y.view(batch, time, -1, self.config.head_width).transpose(1, 2)
        x = self.attn_norm(x)
        query = rotate(self.attn_q_norm(split(self.attn_q(x))), cosine, sine)
        key = rotate(self.attn_k_norm(split(self.attn_k(x))), cosine, sine)
        return query, key, split(self.attn_v(x))

    def rest(self, x, attended):
        """What follows attention: its projection, then the gated feed-forward."""
        x = x + self.post_attention_norm(self.attn_output(attended))
        y = self.ffn_norm(x)
        y = F.gelu(self.ffn_gate(y), approximate="tanh") * self.ffn_up(y)
        return x + self.post_ffw_norm(self.ffn_down(y))

    def forward(self, x, cosine, sine, window_mask):
        batch, time, _ = x.shape
        query, key, value = self.projections(x, cosine, sine)
        key, value = (y.expand_as(query) for y in (key, value))
        mask = None if self.is_global else window_mask
        attended = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, is_causal=mask is None)
        return self.rest(x, attended.transpose(1, 2).reshape(batch, time, -1))


def head_loss(states, weight, targets):
    """Sum of the negative log-likelihoods of `targets` after `states`, in nats."""
    return F.cross_entropy(F.linear(states, weight).float(), targets, reduction="sum")


class Gemma(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.token_embd = nn.Embedding(config.vocabulary, config.width)
        self.blk = nn.ModuleList(Layer(config, index) for index in range(config.layers))
        self.output_norm = Norm(config.width, config.epsilon)

    def positions(self, time, base, device):
        powers = torch.arange(0, self.config.head_width, 2, device=device).float() / self.config.head_width
        angles = torch.arange(time, device=device).float()[:, None] * base**-powers
        angles = torch.cat((angles, angles), -1)
        return angles.cos(), angles.sin()

    def states(self, ids):
        """Last hidden states of token ids [batch, time], right-padded: [batch, time, width]."""
        time, device = ids.shape[1], ids.device
        x = self.token_embd(ids)
        x = x * torch.tensor(math.sqrt(self.config.width), dtype=x.dtype, device=device)
        local = self.positions(time, self.config.local_base, device)
        everywhere = self.positions(time, self.config.global_base, device)
        mask = None
        if time > self.config.window:
            distance = torch.arange(time, device=device)[:, None] - torch.arange(time, device=device)
            mask = (distance >= 0) & (distance < self.config.window)
        for layer in self.blk:
            x = layer(x, *(everywhere if layer.is_global else local), mask)
        return self.output_norm(x)

    def logits(self, states):
        """Scores of the next token; the embeddings are the head as well."""
        return F.linear(states, self.token_embd.weight)

    def forward(self, ids, is_target):
        """Sum of the negative log-likelihoods of the ids where `is_target` [batch, time], in nats."""
        states = self.states(ids)[:, :-1][is_target[:, 1:]]
        return head_loss(states, self.token_embd.weight, ids[:, 1:][is_target[:, 1:]])

    @torch.no_grad()
    def greedy(self, prompts, end, limit=256):
        """Greedy continuations of lists of ids, up to and without `end`. Without a cache, for checks."""
        rows = [list(prompt) for prompt in prompts]
        going = list(range(len(rows)))
        for _ in range(limit):
            longest = max(len(rows[row]) for row in going)
            ids = torch.tensor([rows[row] + [0] * (longest - len(rows[row])) for row in going])
            last = torch.tensor([len(rows[row]) - 1 for row in going])
            tokens = self.logits(self.states(ids)[torch.arange(len(going)), last]).argmax(-1).tolist()
            for row, token in zip(going, tokens):
                if token != end:
                    rows[row].append(token)
            going = [row for row, token in zip(going, tokens) if token != end]
            if not going:
                break
        return [row[len(prompt) :] for row, prompt in zip(rows, prompts)]
