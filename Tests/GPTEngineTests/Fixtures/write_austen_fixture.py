"""Writes what others make of the built-in model of language: austen.safetensors and austen-tokens.json beside this file.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0 tiktoken==0.14.0     (CPU builds are enough)
    python write_austen_fixture.py

Logits and attention are those of transformers' GPT2LMHeadModel over the shipped weights; ids are tiktoken's, with GPT-2's
pattern and the first 4,096 of its ranks. The texts in austen-tokens.json are those of gpt2-tokens.json.
"""
import json
import pathlib

import safetensors.torch
import tiktoken
import torch
import transformers

here = pathlib.Path(__file__).resolve().parent
modules = here / "../../../Modules"
data = modules / "CEmbedded/data"

# tiktoken's ranks: the bytes in GPT-2's order, then a rank a merge.
printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
alphabet = {chr(b): b for b in printable} | {chr(256 + i): b for i, b in enumerate(b for b in range(256) if b not in printable)}
rules = (modules / "CMerges/data/gpt2-merges.txt").read_text(encoding="utf-8").splitlines()[1:]
pieces = [*sorted(alphabet), *(rule.replace(" ", "") for rule in rules)][:4096]
ranks = {bytes(alphabet[c] for c in piece): rank for rank, piece in enumerate(pieces)}
pattern = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"""
encoding = tiktoken.Encoding("gpt2-4096", pat_str=pattern, mergeable_ranks=ranks, special_tokens={})

texts = [entry["text"] for entry in json.loads((here / "gpt2-tokens.json").read_text(encoding="utf-8"))]
(here / "austen-tokens.json").write_text(
    "[\n" + ",\n".join(json.dumps({"text": text, "ids": encoding.encode(text)}) for text in texts) + "\n]\n")

config = transformers.GPT2Config(**json.loads((data / "austen.json").read_text()), attn_implementation="eager")
model = transformers.GPT2LMHeadModel(config).eval()
missing, unexpected = model.load_state_dict(safetensors.torch.load_file(data / "austen.safetensors"), strict=False)
assert missing == ["lm_head.weight"] and not unexpected     # it is tied to the table of tokens

saved = {}
for name, text in {
    "name": "Mr. Wentworth was pleased; and when Mr. Went",
    "twice": "She was sure that Harriet would soon forget him. " * 2,
}.items():
    ids = torch.tensor(encoding.encode(text))
    with torch.no_grad():
        out = model(input_ids=ids[None], output_attentions=True)
    patterns = torch.stack([layer[0] for layer in out.attentions])
    T = len(ids)
    earlier = [[s for s in range(t) if ids[s] == ids[t]] for t in range(T)]
    followed = [(t, [s + 1 for s in places if s + 1 < t]) for t, places in enumerate(earlier)]
    mean = lambda rows: torch.stack(list(rows)).mean(0)
    saved[f"{name}.ids"] = ids
    saved[f"{name}.logits"] = out.logits[0, [T // 2, T - 1]].contiguous()
    saved[f"{name}.previous"] = mean(patterns[..., t, t - 1] for t in range(1, T))
    saved[f"{name}.induction"] = mean(patterns[..., t, to].sum(-1) for t, to in followed if to)
    saved[f"{name}.duplicate"] = mean(patterns[..., t, to].sum(-1) for t, to in enumerate(earlier) if to)
safetensors.torch.save_file(saved, here / "austen.safetensors", metadata={"torch": torch.__version__, "transformers": transformers.__version__})
