"""Writes the fixtures beside this script: what Hugging Face transformers computes, operation by operation.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0     (CPU builds are enough)
    python write_fixtures.py

nano.trace.safetensors   the built-in nano-GPT on CBABBC and the first five of its answers (a full context)
odd/                     a GPT-2 of odd shape with random weights: 2 blocks, 5 heads, width 40, MLP width 72, tied head
odd.trace.safetensors    its activations on nine tokens
linear/                  the same kind of model as nn.Linear checkpoints store it: matrices [out, in], an untied head,
                         causal-mask buffers, a prefix on every name, the exact GELU
linear.trace.safetensors its activations
variant/                 what GPT-2's configuration can change besides, as save_pretrained writes it: unscaled scores divided
                         by the block's number, SiLU, weights in 16 bits, in shards with an index
variant.trace.safetensors its activations, computed in 32 bits
"""
import json
import os

import torch
from safetensors.torch import load_file, save_file
from transformers import GPT2Config, GPT2LMHeadModel

here = os.path.dirname(os.path.abspath(__file__))
nano_folder = os.path.join(here, "..", "..", "..", "Modules", "CEmbedded", "data")
torch.set_num_threads(1)


def record(model, ids):
    """Every value of the pass under the keys of a trace file, without the batch axis."""
    config, trace, handles = model.config, {}, []
    heads, width = config.n_head, config.n_embd // config.n_head

    def keep(key):
        def hook(module, inputs, output):
            trace[key] = (output[0] if isinstance(output, tuple) else output)[0]
        return hook

    def norm(name):
        def hook(module, inputs, output):
            x = inputs[0][0]
            scale = (x.var(-1, keepdim=True, unbiased=False) + module.eps).sqrt()
            trace[f"{name}.hook_scale"] = scale
            trace[f"{name}.hook_normalized"] = (x - x.mean(-1, keepdim=True)) / scale
            trace[f"{name}.hook_out"] = output[0]
        return hook

    body = model.transformer
    on = lambda module, hook: handles.append(module.register_forward_hook(hook))
    on(body.wte, keep("hook_embed"))
    on(body.wpe, lambda m, i, o: trace.__setitem__("hook_pos_embed", o.reshape(-1, config.n_embd)))
    on(body.ln_f, norm("ln_final"))
    for L, block in enumerate(body.h):
        at = f"blocks.{L}"

        def split(module, inputs, output, at=at):
            for name, part in zip("qkv", output[0].split(config.n_embd, dim=-1)):
                trace[f"{at}.attn.hook_{name}"] = part.reshape(-1, heads, width)

        handles.append(block.register_forward_pre_hook(
            lambda m, i, at=at: trace.__setitem__(f"{at}.hook_resid_pre", i[0][0])))
        on(block, keep(f"{at}.hook_resid_post"))
        on(block.ln_1, norm(f"{at}.ln1"))
        on(block.ln_2, norm(f"{at}.ln2"))
        handles.append(block.ln_2.register_forward_pre_hook(
            lambda m, i, at=at: trace.__setitem__(f"{at}.hook_resid_mid", i[0][0])))
        on(block.attn.c_attn, split)
        handles.append(block.attn.c_proj.register_forward_pre_hook(
            lambda m, i, at=at: trace.__setitem__(f"{at}.attn.hook_z", i[0][0].reshape(-1, heads, width))))
        on(block.attn.c_proj, keep(f"{at}.hook_attn_out"))
        on(block.mlp.c_fc, keep(f"{at}.mlp.hook_pre"))
        on(block.mlp.act, keep(f"{at}.mlp.hook_post"))
        on(block.mlp, keep(f"{at}.hook_mlp_out"))

    with torch.no_grad():
        output = model(input_ids=torch.tensor([ids]), output_attentions=True)
    for handle in handles:
        handle.remove()

    future = torch.ones(len(ids), len(ids), dtype=torch.bool).triu(1)
    for L, pattern in enumerate(output.attentions):
        q, k = trace[f"blocks.{L}.attn.hook_q"], trace[f"blocks.{L}.attn.hook_k"]
        scores = torch.einsum("qhd,khd->hqk", q, k)
        scores = scores / width ** 0.5 if config.scale_attn_weights else scores
        scores = scores / (L + 1) if config.scale_attn_by_inverse_layer_idx else scores
        trace[f"blocks.{L}.attn.scores"] = scores
        trace[f"blocks.{L}.attn.hook_attn_scores"] = scores.masked_fill(future, float("-inf"))
        trace[f"blocks.{L}.attn.hook_pattern"] = pattern[0]
    trace["tokens"] = torch.tensor(ids)
    trace["logits"] = output.logits[0]
    trace["probabilities"] = output.logits[0, -1].softmax(-1)
    return {key: value.contiguous().clone() for key, value in trace.items()}


def save(folder, model, tensors, **changes):
    os.makedirs(folder, exist_ok=True)
    save_file({k: v.contiguous().clone() for k, v in tensors.items()}, os.path.join(folder, "model.safetensors"))
    keys = ["n_layer", "n_head", "n_embd", "n_positions", "vocab_size", "n_inner", "activation_function",
            "layer_norm_epsilon", "tie_word_embeddings"]
    with open(os.path.join(folder, "config.json"), "w") as f:
        json.dump({"model_type": "gpt2", **{k: getattr(model.config, k) for k in keys}, **changes}, f, indent=2)
        f.write("\n")


def random_model(seed, **shape):
    """Random weights larger than at the start of training, so that attention is uneven and GELU is bent."""
    torch.manual_seed(seed)
    config = GPT2Config(**shape, bos_token_id=None, eos_token_id=None, attn_implementation="eager")
    model = GPT2LMHeadModel(config).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            value.normal_(1.0 if ".ln_" in name and name.endswith("weight") else 0.0, 0.15)
        model.tie_weights()
    return model


# The built-in model, read from its own file.
with open(os.path.join(nano_folder, "config.json")) as f:
    nano = GPT2LMHeadModel(GPT2Config(**json.load(f), attn_implementation="eager")).eval()
nano.load_state_dict(load_file(os.path.join(nano_folder, "nano.safetensors")))
ids = [2, 1, 0, 1, 1, 2]
for _ in range(5):
    with torch.no_grad():
        ids.append(int(nano(input_ids=torch.tensor([ids])).logits[0, -1].argmax()))
trace = record(nano, ids)
trace["next_token"] = trace["logits"][-1:].argmax(-1)
save_file(trace, os.path.join(here, "nano.trace.safetensors"))

# An odd shape: nothing is a power of two, the MLP isn't four times the width.
odd = random_model(1, n_layer=2, n_head=5, n_embd=40, n_inner=72, n_positions=13, vocab_size=29,
                   activation_function="gelu_new", layer_norm_epsilon=3e-5, tie_word_embeddings=True)
tensors = {k: v for k, v in odd.state_dict().items() if k != "lm_head.weight"}
save(os.path.join(here, "odd"), odd, tensors)
save_file(record(odd, [7, 0, 28, 3, 3, 19, 11, 5, 26]), os.path.join(here, "odd.trace.safetensors"))

# The layout of nn.Linear, with what such checkpoints carry besides.
linear = random_model(2, n_layer=1, n_head=2, n_embd=24, n_positions=8, vocab_size=5,
                      activation_function="gelu", layer_norm_epsilon=1e-5, tie_word_embeddings=False)
tensors = {}
for name, value in linear.state_dict().items():
    matrix = any(part in name for part in ("c_attn.weight", "c_proj.weight", "c_fc.weight"))
    tensors["_orig_mod." + name] = value.t() if matrix else value
mask = torch.ones(8, 8).tril().reshape(1, 1, 8, 8)
tensors["_orig_mod.transformer.h.0.attn.bias"] = mask
tensors["_orig_mod.transformer.h.0.attn.masked_bias"] = torch.tensor(-1e4)
save(os.path.join(here, "linear"), linear, tensors)
save_file(record(linear, [4, 0, 1, 3]), os.path.join(here, "linear.trace.safetensors"))

# Scores that are scaled otherwise, another activation, 16 bits, several files.
variant = random_model(3, n_layer=3, n_head=3, n_embd=48, n_inner=40, n_positions=10, vocab_size=31,
                       activation_function="silu", layer_norm_epsilon=1e-6, scale_attn_weights=False,
                       scale_attn_by_inverse_layer_idx=True)
variant = variant.to(torch.bfloat16)
variant.save_pretrained(os.path.join(here, "variant"), max_shard_size="30KB")
os.remove(os.path.join(here, "variant", "generation_config.json"))
save_file(record(variant.float(), [30, 0, 12, 12, 7, 9, 2]), os.path.join(here, "variant.trace.safetensors"))
