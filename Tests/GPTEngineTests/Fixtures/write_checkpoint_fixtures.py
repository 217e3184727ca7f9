"""Writes the checkpoints that people's programs write, with the logits that PyTorch computes from them.

    pip install torch==2.13.0 transformers==5.23.0 numpy
    python3 write_checkpoint_fixtures.py

The model is written out here in the shape of nanoGPT and minGPT (nn.Linear, an optional bias, GELU exact or by tanh), so
that the files have the names, the order and the sharing that those programs save. `checkpoints/expected.json` lists each
path with ids and the logits at the last of them.
"""

import json
import os
import pickle
import struct
import sys
import types

import torch
from torch import nn
from torch.nn import functional as F

here = os.path.join(os.path.dirname(os.path.abspath(__file__)), "checkpoints")
C, H, L, T, V = 8, 2, 2, 8, 11
ids = [3, 1, 4, 1, 5, 9]


class Norm(nn.Module):
    def __init__(self, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(C))
        self.bias = nn.Parameter(torch.zeros(C)) if bias else None

    def forward(self, x):
        return F.layer_norm(x, (C,), self.weight, self.bias, 1e-5)


class Attention(nn.Module):
    def __init__(self, bias, mask):
        super().__init__()
        self.c_attn = nn.Linear(C, 3 * C, bias=bias)
        self.c_proj = nn.Linear(C, C, bias=bias)
        if mask:
            self.register_buffer("bias", torch.tril(torch.ones(T, T)).view(1, 1, T, T))

    def forward(self, x):
        q, k, v = (y.view(len(x), H, C // H).transpose(0, 1) for y in self.c_attn(x).split(C, dim=1))
        z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(z.transpose(0, 1).reshape(len(x), C))


class MLP(nn.Module):
    def __init__(self, bias, gelu):
        super().__init__()
        self.c_fc = nn.Linear(C, 4 * C, bias=bias)
        self.gelu = nn.GELU(approximate=gelu)
        self.c_proj = nn.Linear(4 * C, C, bias=bias)

    def forward(self, x):
        return self.c_proj(self.gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, bias, mask, gelu):
        super().__init__()
        self.ln_1, self.attn = Norm(bias), Attention(bias, mask)
        self.ln_2, self.mlp = Norm(bias), MLP(bias, gelu)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class GPT(nn.Module):
    def __init__(self, bias=True, mask=False, gelu="none", tied=True):
        super().__init__()
        self.transformer = nn.ModuleDict(
            dict(
                wte=nn.Embedding(V, C), wpe=nn.Embedding(T, C), ln_f=Norm(bias),
                h=nn.ModuleList(Block(bias, mask, gelu) for _ in range(L)),
            )
        )
        self.lm_head = nn.Linear(C, V, bias=False)
        if tied:
            self.transformer.wte.weight = self.lm_head.weight
        for parameter in self.parameters():
            nn.init.normal_(parameter, 0.5 if parameter.dim() == 1 else 0.0, 0.6)

    def forward(self, x):
        x = self.transformer.wte(x) + self.transformer.wpe(torch.arange(len(x)))
        for block in self.transformer.h:
            x = block(x)
        return self.lm_head(self.transformer.ln_f(x))


expected = {}


def note(path, model):
    with torch.no_grad():
        expected[path] = model.float()(torch.tensor(ids))[-1].tolist()


def folder(name):
    path = os.path.join(here, name)
    os.makedirs(path, exist_ok=True)
    return path


def nano(name, model, prefix="", extra=None, **options):
    """As nanoGPT's train.py: weights, an optimizer, its arguments and what else it was told."""
    path = os.path.join(folder(name), "ckpt.pt")
    state = {prefix + key: value for key, value in model.state_dict().items()}
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    model(torch.tensor(ids)).sum().backward()
    optimizer.step()
    model.zero_grad()
    arguments = dict(n_layer=L, n_head=H, n_embd=C, block_size=T, vocab_size=V, dropout=0.0)
    arguments["bias"] = model.lm_head.bias is not None or model.transformer.ln_f.bias is not None
    torch.save(
        {
            "model": state, "optimizer": optimizer.state_dict(), "model_args": arguments, "iter_num": 2000,
            "best_val_loss": torch.tensor(1.25), "config": {"dataset": "letters", "learning_rate": 1e-3, "compile": True},
            **(extra or {}),
        },
        path, **options,
    )
    note(f"{name}/ckpt.pt", model)


def module(name, **members):
    """A module that is there when the file is written, and not when it is read."""
    made = types.ModuleType(name)
    for key, value in members.items():
        value.__module__ = name
        setattr(made, key, value)
    sys.modules[name] = made


class CfgNode:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


module("mingpt")
module("mingpt.utils", CfgNode=CfgNode)
torch.manual_seed(5)

nano("nanogpt", GPT(bias=False), prefix="_orig_mod.")
letters = "\n !abcdefgh"
meta = {"vocab_size": V, "itos": dict(enumerate(letters)), "stoi": {c: i for i, c in enumerate(letters)}}
with open(os.path.join(folder("nanogpt"), "meta.pkl"), "wb") as file:
    pickle.dump(meta, file)
nano("nanogpt-4", GPT(mask=True), extra={"args": CfgNode(out_dir="out")}, pickle_protocol=4)
nano("nanogpt-legacy", GPT(), _use_new_zipfile_serialization=False)
nano("nanogpt-bf16", GPT().bfloat16())

model = GPT(mask=True, gelu="tanh", tied=False)
config = CfgNode(
    model_type="gpt", n_layer=L, n_head=H, n_embd=C, vocab_size=V, block_size=T, embd_pdrop=0.1, resid_pdrop=0.1,
    attn_pdrop=0.1,
)
torch.save({"model": model.state_dict(), "config": config}, os.path.join(folder("mingpt"), "model.pt"))
note("mingpt/model.pt", model)

# As Hugging Face's, in the layout of Conv1D, in shards; one shard in the form of before 1.6.
model = GPT(gelu="tanh")
hub = folder("hub")
# Transposed without a copy: views whose columns lie together.
state = {key: value.t() if ".c_" in key and value.dim() == 2 else value for key, value in model.state_dict().items()}
del state["lm_head.weight"]
# The table as a view into something larger, with other numbers between its own.
wide = torch.zeros(V, C + 3)
wide[:, 2 : C + 2] = state["transformer.wte.weight"]
state["transformer.wte.weight"] = wide[:, 2 : C + 2]
names = list(state)
index = {"metadata": {}, "weight_map": {}}
for number, part in enumerate((names[:9], names[9:])):
    shard = f"pytorch_model-0000{number + 1}-of-00002.bin"
    torch.save(
        {key: nn.Parameter(state[key]) if number else state[key] for key in part}, os.path.join(hub, shard),
        _use_new_zipfile_serialization=number == 0,
    )
    index["weight_map"].update({key: shard for key in part})
with open(os.path.join(hub, "pytorch_model.bin.index.json"), "w") as file:
    json.dump(index, file)
with open(os.path.join(hub, "config.json"), "w") as file:
    json.dump(
        {"model_type": "gpt2", "n_layer": L, "n_head": H, "n_embd": C, "n_positions": T, "vocab_size": V}, file
    )
note("hub", model)

# As llm.c's train_gpt2.py writes it, the vocabulary padded to a multiple of 16.
for version, name in ((3, "llmc"), (5, "llmc-bf16")):
    model = GPT(gelu="tanh")
    if version == 5:
        model = model.bfloat16().float()
    state = model.state_dict()
    rows = (V + 15) // 16 * 16
    with open(os.path.join(folder(name), "gpt2_124M.bin"), "wb") as file:
        file.write(struct.pack("<256i", 20240326, version, T, V, L, H, C, rows, *[0] * 248))

        def write(tensor):
            tensor = tensor.detach().to(torch.bfloat16 if version == 5 else torch.float32).contiguous()
            file.write(tensor.view(torch.uint8).numpy().tobytes())

        write(F.pad(state["transformer.wte.weight"], (0, 0, 0, rows - V)))
        write(state["transformer.wpe.weight"])
        for part in ("ln_1", "attn.c_attn", "attn.c_proj", "ln_2", "mlp.c_fc", "mlp.c_proj"):
            for kind in ("weight", "bias"):
                for block in range(L):
                    write(state[f"transformer.h.{block}.{part}.{kind}"])
        write(state["transformer.ln_f.weight"])
        write(state["transformer.ln_f.bias"])
    note(f"{name}/gpt2_124M.bin", model)

with open(os.path.join(here, "expected.json"), "w") as file:
    json.dump({"ids": ids, "logits": expected}, file, indent=1)
