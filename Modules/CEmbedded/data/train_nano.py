"""Trains the built-in nano-GPT to sort six letters, and writes nano.safetensors and config.json beside itself.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0     (CPU builds are enough)
    python train_nano.py

The input is six letters of {A, B, C}; the model answers with the same letters in order, one at a time. Eleven
positions are fed: the six letters and the first five answers; the answers are read at positions 5 to 10. The loss
counts only those six. Labels are smoothed, so that the model is sure but not certain and a temperature still has
something to act on. The last line checks that every answer to every one of the 729 inputs leads by a margin, so that
rounding on another machine cannot change it. Seed, versions and one thread make the result repeatable.
"""
import itertools
import json
import os

import torch
from safetensors.torch import save_file
from transformers import GPT2Config, GPT2LMHeadModel

SEED, STEPS, BATCH, SMOOTHING = 20, 2500, 128, 0.05
LETTERS, LENGTH = 3, 6
here = os.path.dirname(os.path.abspath(__file__))

torch.manual_seed(SEED)
torch.set_num_threads(1)

config = GPT2Config(
    vocab_size=LETTERS, n_positions=2 * LENGTH - 1, n_embd=48, n_layer=3, n_head=3,
    activation_function="gelu_new", layer_norm_epsilon=1e-5, tie_word_embeddings=False,
    resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=None, eos_token_id=None,
)
model = GPT2LMHeadModel(config)

everything = torch.tensor(list(itertools.product(range(LETTERS), repeat=LENGTH)))
answers = everything.sort(dim=1).values
fed = torch.cat([everything, answers[:, :-1]], dim=1)


def logits_of(rows):
    return model(input_ids=fed[rows]).logits[:, LENGTH - 1:, :]


def margin():
    """The smallest lead of the right letter over the best wrong one, over all inputs and all six answers."""
    with torch.no_grad():
        logits = logits_of(torch.arange(len(fed)))
    right = logits.gather(2, answers.unsqueeze(2)).squeeze(2)
    wrong = logits.scatter(2, answers.unsqueeze(2), float("-inf")).max(dim=2).values
    return (right - wrong).min().item()


optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.1, betas=(0.9, 0.95))
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
for step in range(STEPS):
    rows = torch.randint(len(fed), (BATCH,))
    loss = torch.nn.functional.cross_entropy(
        logits_of(rows).reshape(-1, LETTERS), answers[rows].reshape(-1), label_smoothing=SMOOTHING)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimiser.step()
    schedule.step()
    if step % 500 == 0:
        print(f"step {step}: loss {loss.item():.5f}, smallest margin {margin():.3f}", flush=True)

lead = margin()
print(f"smallest margin over 729 inputs and six answers: {lead:.3f}")
assert lead > 1.0, "not every input is sorted clearly: train longer"

tensors = {k: v.contiguous() for k, v in model.state_dict().items() if not k.endswith((".attn.bias", ".attn.masked_bias"))}
count = sum(v.numel() for v in tensors.values())
assert count == 85_728, count
save_file(tensors, os.path.join(here, "nano.safetensors"),
          metadata={"format": "pt", "recipe": "train_nano.py", "seed": str(SEED), "steps": str(STEPS)})
keys = ["model_type", "n_layer", "n_head", "n_embd", "n_positions", "vocab_size", "n_inner", "activation_function",
        "layer_norm_epsilon", "tie_word_embeddings"]
with open(os.path.join(here, "config.json"), "w") as f:
    json.dump({k: config.to_dict().get(k, "gpt2" if k == "model_type" else None) for k in keys}, f, indent=2)
    f.write("\n")
