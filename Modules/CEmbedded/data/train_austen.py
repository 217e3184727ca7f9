"""Trains the built-in model of language on Jane Austen's six novels; writes austen.safetensors and austen.json beside itself.

    pip install torch==2.13.0 transformers==5.23.0 tokenizers==0.23.3 safetensors==0.8.0 rdata==1.1.0     (CPU builds are enough)
    python train_austen.py NOVELS

NOVELS is a folder with a text file for each novel, or `data` of the R package janeaustenr, which carries Project
Gutenberg's texts and needs no R here (Debian: apt-get download r-cran-janeaustenr; dpkg -x r-cran-janeaustenr*.deb DIR).

The last twentieth of each novel is held out. Tokens are GPT-2's byte-pair encoding stopped after its first 3,840 merges,
so that an id means what it means in GPT-2. 15 % of the windows repeat one stretch of a novel again and again: that
is what makes induction heads form early. Every step draws its windows and its dropout from (SEED, step) alone, so that
a run which was interrupted (Ctrl-C) goes on as if nothing had happened: start it again. On two cores it takes
an hour and a quarter, on a GPU minutes. It ends with the checks that the model must pass, and a table of them.
"""
import collections
import json
import math
import os
import pathlib
import signal
import sys
import time
import zlib

# The allocator of glibc gives large blocks back at once and pays for them again; with these it keeps them.
ALLOCATOR = {"MALLOC_MMAP_THRESHOLD_": 1 << 30, "MALLOC_TRIM_THRESHOLD_": 4 << 30, "MALLOC_TOP_PAD_": 256 << 20}
if not ALLOCATOR.keys() <= os.environ.keys():
    os.execve(sys.executable, [sys.executable, *sys.argv], os.environ | {k: str(v) for k, v in ALLOCATOR.items()})

import safetensors.torch
import tokenizers
import torch
import torch.nn.functional as F
import transformers

SEED, TOKENS, BATCH, CONTEXT, VOCABULARY = 1, 48_000_000, 32, 256, 4096
BLOCKS, HEADS, WIDTH, DROPOUT = 6, 6, 144, 0.1
RATE, DECAY, WARM_UP, LAST_RATE = 5e-3, 0.5, 0.02, 0.02
REPEATED, STRETCH = 0.15, (8, 128)     # the share of windows that repeat themselves, and how long a stretch they repeat
STEPS = TOKENS // (BATCH * CONTEXT)
SETTINGS = [SEED, TOKENS, BATCH, CONTEXT, VOCABULARY, BLOCKS, HEADS, WIDTH, DROPOUT, RATE, DECAY, WARM_UP, LAST_RATE, REPEATED, STRETCH]

here = pathlib.Path(__file__).resolve().parent
checkpoint = here / "austen.checkpoint.pt"
device = "cuda" if torch.cuda.is_available() else "cpu"


def novels(folder):
    """The texts, in the order of their names."""
    if (folder / "Rdata.rdb").exists():
        import rdata
        read = lambda data: rdata.conversion.convert(rdata.parser.parse_data(data, extension=".rds"))
        blob, index = (folder / "Rdata.rdb").read_bytes(), read((folder / "Rdata.rdx").read_bytes())["variables"]
        # An entry is four bytes of length, then a compressed vector with a line of the novel in each element.
        return ["\n".join(map(str, read(zlib.decompress(blob[at + 4:at + size])))) + "\n" for _, (at, size) in sorted(index.items())]
    return [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))]


def encoder():
    """GPT-2's byte-pair encoding, stopped at VOCABULARY."""
    rules = (here / "../../CMerges/data/gpt2-merges.txt").read_text(encoding="utf-8").splitlines()[1:VOCABULARY - 255]
    merges = [tuple(rule.split(" ")) for rule in rules]
    # GPT-2 numbers the bytes by the characters that stand for them, and then the merges by their rank.
    pieces = sorted(tokenizers.pre_tokenizers.ByteLevel.alphabet()) + [a + b for a, b in merges]
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE({piece: i for i, piece in enumerate(pieces)}, merges))
    tokenizer.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = tokenizers.decoders.ByteLevel()
    return tokenizer


def attention(module, query, key, value, mask, scaling=None, dropout=0.0, **_):
    """Causal attention in the type of its operands: autocast would turn the softmax into 32 bits, at a fifth of the speed."""
    batch, heads, count, width = query.shape
    future = torch.full((count, count), -math.inf, dtype=query.dtype, device=query.device).triu(1)
    with torch.autocast(device, enabled=False):
        flat = [x.reshape(batch * heads, count, width) for x in (query, key, value)]
        pattern = F.softmax(torch.baddbmm(future, flat[0], flat[1].transpose(1, 2), alpha=width ** -0.5), -1)
        return torch.bmm(pattern, flat[2]).view(query.shape).transpose(1, 2), None


transformers.AttentionInterface.register("causal", attention)
SHAPE = dict(vocab_size=VOCABULARY, n_positions=CONTEXT, n_embd=WIDTH, n_layer=BLOCKS, n_head=HEADS, layer_norm_epsilon=1e-5,
             tie_word_embeddings=True, bos_token_id=None, eos_token_id=None)


def fresh(kind, activation):
    torch.manual_seed(SEED)
    config = transformers.GPT2Config(**SHAPE, activation_function=activation, attn_implementation=kind,
                                     resid_pdrop=DROPOUT, embd_pdrop=DROPOUT, attn_pdrop=0.0)
    return transformers.GPT2LMHeadModel(config).to(device)


def windows(text, step):
    """BATCH windows of CONTEXT tokens and the token after, drawn from (SEED, step)."""
    draw = torch.Generator().manual_seed(SEED << 32 | step)
    rows = []
    for _ in range(BATCH):
        u, v = torch.rand(2, generator=draw, dtype=torch.float64).tolist()
        length = CONTEXT + 1
        if u < REPEATED:
            length = round(STRETCH[0] * (STRETCH[1] / STRETCH[0]) ** v)
        start = torch.randint(len(text) - length + 1, (1,), generator=draw).item()
        rows.append(text[start:start + length].repeat(-(-(CONTEXT + 1) // length))[:CONTEXT + 1])
    return torch.stack(rows).to(device)


def loss_of(model, rows):
    return F.cross_entropy(model(input_ids=rows[:, :-1]).logits.float().flatten(0, 1), rows[:, 1:].flatten())


def starts(text):
    """Where the windows of a held-out text begin; the second half of each is counted."""
    return range(0, len(text) - CONTEXT, CONTEXT // 2)


@torch.no_grad()
def held_out_loss(model, texts):
    """Nats per token, each after 129 to 256 tokens of its own novel."""
    was_training = model.training
    model.eval()
    total = count = 0
    half = CONTEXT // 2
    for text in texts:
        for start in starts(text):
            row = text[start:start + CONTEXT + 1].to(device)
            logits = model(input_ids=row[None, :-1]).logits[0, half:]
            total += F.cross_entropy(logits, row[half + 1:], reduction="sum").item()
            count += CONTEXT - half
    model.train(was_training)
    return total / count


def kneser_ney(text, held_out, order=5):
    """Nats per token of an interpolated Kneser–Ney model, over the tokens that held_out_loss counts: an n-gram is discounted, and what is taken goes to the shorter
    one, which is counted by how many tokens stand before it (Kneser and Ney 1995; Chen and Goodman 1998, 2.7)."""
    counts = [None] * (order + 1)
    counts[order] = collections.Counter(zip(*(text[i:] for i in range(order))))
    for n in range(order - 1, 0, -1):
        counts[n] = collections.Counter(gram[1:] for gram in counts[n + 1])
    total, kinds, discount = [collections.Counter() for _ in counts], [collections.Counter() for _ in counts], [0.0] * (order + 1)
    for n in range(1, order + 1):
        of = collections.Counter(counts[n].values())
        discount[n] = of[1] / (of[1] + 2 * of[2])
        for gram, count in counts[n].items():
            total[n][gram[:-1]] += count
            kinds[n][gram[:-1]] += 1
    nats = tokens = 0
    for part in held_out:
        for i in (start + CONTEXT // 2 + 1 + k for start in starts(part) for k in range(CONTEXT // 2)):
            probability = 1 / VOCABULARY
            for n in range(1, order + 1):
                gram = tuple(part[i - n + 1:i + 1])
                if seen := total[n][gram[:-1]]:
                    kept = max(counts[n][gram] - discount[n], 0)
                    probability = (kept + discount[n] * kinds[n][gram[:-1]] * probability) / seen
            nats -= math.log(probability)
            tokens += 1
    return nats / tokens


def head_scores(patterns, ids):
    """Of each head [BLOCKS, HEADS]: `previous`, the attention of a token to the one before; and over the tokens that stood
    earlier, `induction`, to what came after those places, and `duplicate`, to the places themselves."""
    earlier = [[s for s in range(t) if ids[s] == ids[t]] for t in range(len(ids))]
    followed = {t: [s + 1 for s in places if s + 1 < t] for t, places in enumerate(earlier)}
    mean = lambda rows: sum(rows) / len(rows)
    return {"previous": mean([patterns[..., t, t - 1] for t in range(1, len(ids))]),
            "induction": mean([patterns[..., t, to].sum(-1) for t, to in followed.items() if to]),
            "duplicate": mean([patterns[..., t, to].sum(-1) for t, to in enumerate(earlier) if to])}


def train(train_text, held_out):
    model = fresh("causal", "gelu_pytorch_tanh")     # the fused form of gelu_new
    matrices = [p for p in model.parameters() if p.dim() > 1]
    rest = [p for p in model.parameters() if p.dim() == 1]
    optimiser = torch.optim.AdamW([{"params": matrices, "weight_decay": DECAY}, {"params": rest, "weight_decay": 0.0}],
                                  lr=RATE, betas=(0.9, 0.95), fused=True)
    first, settings = 0, [*SETTINGS, len(train_text)]
    if checkpoint.exists():
        saved = torch.load(checkpoint, map_location=device)
        if saved["settings"] != settings:
            sys.exit(f"{checkpoint} is of other settings or novels: remove it to begin anew")
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        first = saved["step"]
        print(f"going on at step {first:,} of {STEPS:,} ({checkpoint})")
    warm, started, recent = WARM_UP * STEPS, time.time(), []

    def save(step):
        part = checkpoint.with_suffix(".part")
        torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step, "settings": settings}, part)
        part.replace(checkpoint)

    interrupted = []
    signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
    for step in range(first, STEPS):
        rate = RATE * ((step + 1) / warm if step < warm else
                       LAST_RATE + (1 - LAST_RATE) * (1 + math.cos(math.pi * (step - warm) / (STEPS - warm))) / 2)
        for group in optimiser.param_groups:
            group["lr"] = rate
        rows = windows(train_text, step)
        torch.manual_seed(SEED << 32 | step)
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = loss_of(model, rows)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        recent.append(loss.item())
        done = step + 1
        if done % 100 == 0:
            left = (time.time() - started) / (done - first) * (STEPS - done)
            held = f", held out {held_out_loss(model, held_out):.3f}" if done % 500 == 0 else ""
            print(f"step {done:,} of {STEPS:,}: loss {sum(recent) / len(recent):.3f}{held}; {left / 60:.0f} minutes left", flush=True)
            if not math.isfinite(loss.item()) or sum(recent) / len(recent) > 8.5:
                sys.exit(f"the loss has diverged: remove {checkpoint}, halve RATE and start again")
            recent.clear()
        if done % 100 == 0 or interrupted or done == STEPS:
            save(done)
        if interrupted:
            sys.exit(f"stopped after step {done:,}: start it again to go on")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    return model


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    texts = novels(pathlib.Path(sys.argv[1]))
    if len(texts) != 6:
        sys.exit(f"{sys.argv[1]}: six novels are needed, {len(texts)} found")
    tokenizer = encoder()
    ids = lambda text: torch.tensor(tokenizer.encode(text).ids)
    cut = [len(text) * 95 // 100 for text in texts]
    train_text = torch.cat([ids(text[:at]) for text, at in zip(texts, cut)])
    held_out = [ids(text[at:]) for text, at in zip(texts, cut)]
    print(f"{len(train_text):,} tokens to train on, {sum(map(len, held_out)):,} held out; {device}, {STEPS:,} steps", flush=True)
    trained = train(train_text, held_out)

    # What is shipped is rounded to BF16, and is what is checked.
    tensors = {name: value.detach().to("cpu", torch.bfloat16).contiguous() for name, value in trained.state_dict().items()
               if name != "lm_head.weight"}
    model = fresh("eager", "gelu_new")
    missing, unexpected = model.load_state_dict(tensors, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected     # it is tied to the table of tokens
    model.eval()
    loss = held_out_loss(model, held_out)
    gram = kneser_ney(train_text.tolist(), [part.tolist() for part in held_out])
    count = sum(value.numel() for value in tensors.values())

    # Stretches of held-out text, each said twice, and of random tokens.
    def said_twice(stretches):
        scores, losses = {}, []
        for stretch in stretches:
            row = torch.cat([stretch, stretch]).to(device)
            with torch.no_grad():
                out = model(input_ids=row[None], output_attentions=True)
            patterns = torch.stack([layer[0] for layer in out.attentions]).cpu()
            for name, score in head_scores(patterns, row.tolist()).items():
                scores[name] = scores.get(name, 0) + score / len(stretches)
            nats = F.cross_entropy(out.logits[0, :-1], row[1:], reduction="none")
            losses.append(torch.stack([nats[:len(stretch) - 1].mean(), nats[len(stretch) - 1:].mean()]))
        return scores, torch.stack(losses).mean(0).tolist()

    draw = torch.Generator().manual_seed(SEED)
    real = [part[start:start + 48] for part in held_out for start in (1000, 3000, 5000)]
    scores, (once, twice) = said_twice(real)
    noise, (noise_once, noise_twice) = said_twice([torch.randint(VOCABULARY, (48,), generator=draw) for _ in range(16)])

    print(f"\nparameters                         {count:,}")
    print(f"held-out loss                      {loss:.3f} nats per token")
    print(f"interpolated Kneser-Ney 5-gram     {gram:.3f} nats per token")
    print(f"held-out text said twice           {once:.2f} nats per token, then {twice:.2f}")
    print(f"random tokens said twice           {noise_once:.2f} nats per token, then {noise_twice:.2f}")
    print("\nhead     previous  induction  duplicate   induction on random tokens")
    for block in range(BLOCKS):
        for head in range(HEADS):
            of = [scores[name][block, head].item() for name in ("previous", "induction", "duplicate")]
            print("L{} H{}    {:8.3f}   {:8.3f}   {:8.3f}   {:8.3f}".format(block, head, *of, noise["induction"][block, head].item()))

    assert count <= 2_500_000, count
    assert loss <= 3.25, f"held-out loss {loss:.3f}: train longer"
    assert scores["induction"].max() >= 0.4 and twice <= 1.0, "no head copies: raise REPEATED"
    assert scores["previous"].max() >= 0.4, "no head looks at the token before: raise REPEATED"
    safetensors.torch.save_file(tensors, here / "austen.safetensors", metadata={
        "format": "pt", "recipe": "train_austen.py", "seed": str(SEED), "tokens": str(TOKENS), "held_out_loss": f"{loss:.4f}",
        "text": "Jane Austen's six novels, Project Gutenberg's texts, public domain; the last twentieth of each held out",
        "versions": ", ".join(f"{m.__name__} {m.__version__}" for m in (torch, transformers, tokenizers))})
    config = {"model_type": "gpt2", **SHAPE, "n_inner": None, "activation_function": "gelu_new"}
    (here / "austen.json").write_text(json.dumps(config, indent=2) + "\n")


if __name__ == "__main__":
    main()
