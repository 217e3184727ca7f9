"""Times gptstep against PyTorch on one machine, in alternating rounds: medians, and ratios round by round.

    pip install torch==2.13.0 transformers==5.23.0 safetensors==0.8.0     (CPU builds are enough)
    pip install transformer-lens==3.9.0                                   (optional: run_with_cache)
    swift build -c release
    python Tests/Benchmarks/against_torch.py [--rounds 5] [--tokens 64,256,1024] [--context 64,512]

The model is a random 124M GPT-2 that transformers writes to a temporary folder, in 32 and in 16 bits. "keep" is a pass
that keeps every value of every operation, with the logits of the last position (as gptstep runs one, which computes those
that are looked at) and once more with the logits of all; the others always compute all. "decode" adds one token to a
context; "start" is a whole process from its start to the token that follows 16 others. Shared machines drift, so quote
ratios sooner than times.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from transformers import GPT2Config, GPT2LMHeadModel

here = os.path.dirname(os.path.abspath(__file__))
numbers = lambda text: [int(part) for part in text.split(",")]
options = argparse.ArgumentParser()
options.add_argument("--gptstep", default=os.path.join(here, "..", "..", ".build", "release", "gptstep"))
options.add_argument("--rounds", type=int, default=5)
options.add_argument("--tokens", type=numbers, default=[64, 256, 1024])
options.add_argument("--context", type=numbers, default=[64, 512])
options.add_argument("--threads", type=int, default=os.cpu_count())
options = options.parse_args()
torch.set_num_threads(options.threads)
torch.set_grad_enabled(False)


def milliseconds(work):
    start = time.perf_counter()
    work()
    return 1e3 * (time.perf_counter() - start)


def bench(folder, kind, count):
    """One round of gptstep's own benchmark, which warms up and times inside its process: milliseconds by name."""
    argument = "--tokens" if kind == "prefill" else "--context"
    other = ["--context", "1"] if kind == "prefill" else ["--tokens", "1"]
    answer = subprocess.run(
        [options.gptstep, "bench", "--model", folder, argument, str(count), *other, "--runs", "1",
         "--threads", str(options.threads), "--format", "json"], check=True, capture_output=True, text=True).stdout
    key = "tokens" if kind == "prefill" else "context"
    return {"gptstep" + (", all logits" if run["logits"] == "all" else ""): run["milliseconds"]
            for run in json.loads(answer)["runs"] if run["kind"] == kind and run[key] == count}


def keeping(model):
    """A pass of transformers that keeps what each module gives, and the attention patterns."""
    kept = []
    for module in model.modules():
        module.register_forward_hook(lambda module, inputs, output: kept.append((inputs, output)))

    def run(ids):
        kept.clear()
        model(ids, output_attentions=True, use_cache=False)
    return run


def decoding(model, context):
    ids = torch.randint(0, 50257, (1, context))
    cache = model(ids, use_cache=True).past_key_values

    def run():
        model(ids[:, :1], past_key_values=cache, use_cache=True)
        cache.crop(-1)
    return run


def lens(folder):
    try:
        from transformer_lens.model_bridge import TransformerBridge
        bridge = TransformerBridge.boot_transformers(folder, device="cpu")
        return lambda ids: bridge.run_with_cache(ids)
    except Exception as error:  # not installed, or another version
        print(f"without TransformerLens: {type(error).__name__}", file=sys.stderr)
        return None


def pair(what, ours, others):
    """Runs ours and every other in turn, after one round that is not counted; ours gives milliseconds by name."""
    rounds = [{**ours(), **{name: work() for name, work in others.items()}} for _ in range(options.rounds + 1)][1:]
    print(f"{what:18}" + "   ".join(
        f"{name} {statistics.median(took[name] for took in rounds):.1f} ms" for name in rounds[0]))
    for name in others:
        for mine in [name for name in rounds[0] if name not in others]:
            ratios = [took[mine] / took[name] for took in rounds]
            print(f"{'':18}{mine} of {name}: {statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})")
    sys.stdout.flush()


with tempfile.TemporaryDirectory() as root:
    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config(attn_implementation="eager")).eval()
    wide, half = os.path.join(root, "f32"), os.path.join(root, "bf16")
    model.save_pretrained(wide)
    GPT2LMHeadModel(GPT2Config()).to(torch.bfloat16).save_pretrained(half)

    bare = GPT2LMHeadModel.from_pretrained(wide, attn_implementation="eager").eval()
    keep, cached = keeping(model), lens(wide)
    for count in options.tokens:
        ids = torch.randint(0, 50257, (1, count))
        others = {"torch keeping all": lambda: milliseconds(lambda: keep(ids))}
        if cached:
            others["run_with_cache"] = lambda: milliseconds(lambda: cached(ids))
        pair(f"keep, {count} tokens", lambda: bench(wide, "prefill", count), others)
    for context in options.context:
        work = decoding(bare, context)
        pair(f"decode at {context}", lambda: bench(wide, "decode", context),
             {"transformers": lambda: milliseconds(work), "gptstep bf16": lambda: bench(half, "decode", context)["gptstep"]})

    ids = [464, 7150, 389, 4077, 287, 262, 6076, 11, 290, 484, 389, 7872, 287, 262, 2121, 13]
    script = ("import torch\nfrom transformers import GPT2LMHeadModel\ntorch.set_num_threads(%d)\n"
              "m = GPT2LMHeadModel.from_pretrained(%r)\nprint(m(torch.tensor([%r])).logits[0, -1].argmax())" %
              (options.threads, wide, ids))
    run = lambda *command: milliseconds(lambda: subprocess.run(command, check=True, capture_output=True))
    pair("start, 16 tokens",
         lambda: {"gptstep": run(options.gptstep, "generate", "--model", wide, "--ids", ",".join(map(str, ids)), "-n",
                                 "1", "--temperature", "0")},
         {"transformers": lambda: run(sys.executable, "-c", script)})
