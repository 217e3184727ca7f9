"""Writes tokenizer-folders.json: folders of tokenizer files as people's tools write them, and the ids of texts.

    pip install transformers==5.23.0 tokenizers==0.23.3
    python3 write_tokenizer_fixtures.py

A `tokenizer.json` is read by tokenizers itself; a folder of vocab.json, merges.txt and what lies beside them by the
AutoTokenizer of transformers. `plain` are the ids where special tokens in the text are plain text.
"""

import json
import os
import tempfile

from tokenizers import Tokenizer, pre_tokenizers
from transformers import AutoTokenizer

here = os.path.dirname(os.path.abspath(__file__))
letters = sorted(pre_tokenizers.ByteLevel.alphabet())
merges = ["h e", "l l", "he ll", "hell o", "Ġ hello", "Ġ w", "a b"]
vocabulary = {text: number for number, text in enumerate(letters + [merge.replace(" ", "") for merge in merges])}
texts = [
    "hello hello", " hello<s>hello", "a <mask>  b", "x<mask>y <mask>", "HELLO Ünï e\u0301 \u1100\u1161\u11a8 \ufb01 \u0130\u03a3",
    "ab<pad>ab <|endoftext|>", "``hello`` ab", "w\u00e9 z zz \U00018d00\u1e9b\u0323", "<s><pad>  <mask>\n",
]


def file(added=(), vocab=vocabulary, merges=merges, model=(), byte_level=(), **parts):
    """A tokenizer.json of GPT-2's kind."""
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": list(added), "normalizer": None,
        "pre_tokenizer": {
            "type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True, **dict(byte_level)
        },
        "post_processor": None, "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        **parts,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": "", "end_of_word_suffix": "",
            "fuse_unk": False, "byte_fallback": False, "ignore_merges": False, **dict(model), "vocab": vocab, "merges": merges,
        },
    }


def token(number, content, **flags):
    return {
        "id": number, "content": content, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False,
        "special": True, **flags,
    }


def template(before, after):
    part = lambda name: {"SpecialToken": {"id": name, "type_id": 0}}
    return {
        "type": "TemplateProcessing", "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "single": [part(n) for n in before] + [{"Sequence": {"id": "A", "type_id": 0}}] + [part(n) for n in after],
        "special_tokens": {n: {"id": n, "ids": [263 + i], "tokens": [n]} for i, n in enumerate(before + after)},
    }


N = len(vocabulary)
bare = {text: number for text, number in vocabulary.items() if text not in "zw"}
bare = {text: number for number, text in enumerate(bare)}
bare_merges = [merge for merge in merges if "w" not in merge]
mask = lambda **flags: [token(N, "<mask>", special=False, normalized=True, **flags)]
json_files = {
    "NFC": file(normalizer={"type": "NFC"}), "NFD": file(normalizer={"type": "NFD"}),
    "NFKC": file(normalizer={"type": "NFKC"}), "NFKD": file(normalizer={"type": "NFKD"}),
    "Lowercase": file(normalizer={"type": "Lowercase"}, added=[token(N, "HELLO", special=False, normalized=True)]),
    "Sequence": file(
        normalizer={
            "type": "Sequence",
            "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}, {"type": "Replace", "pattern": {"String": "``"}, "content": '"'}],
        }
    ),
    "lstrip": file(added=mask(lstrip=True)), "rstrip": file(added=mask(rstrip=True)),
    "both": file(added=mask(lstrip=True, rstrip=True)), "single word": file(added=mask(single_word=True)),
    "in order": file(added=[token(N, "<s>"), token(N + 1, "<pad>"), token(N + 2, "<mask>", special=False)]),
    "prefix space": file(added=[token(N, "<s>")], byte_level={"add_prefix_space": True}),
    "whole": file(byte_level={"use_regex": False}),
    "missing bytes": file(vocab=bare, merges=bare_merges),
    "unknown": file(vocab={**bare, "<unk>": len(bare)}, merges=bare_merges, model={"unk_token": "<unk>"}),
    "unknown fused": file(
        vocab={**bare, "<unk>": len(bare)}, merges=bare_merges, model={"unk_token": "<unk>", "fuse_unk": True}
    ),
    "ignore merges": file(vocab={**vocabulary, "ab`": N}, model={"ignore_merges": True}),
    "template": file(added=[token(N, "<s>"), token(N + 1, "</s>")], post_processor=template(["<s>"], ["</s>"])),
    "nothing added": file(post_processor=template([], [])),
    "roberta": file(
        added=[token(N, "<s>"), token(N + 1, "</s>")],
        post_processor={
            "type": "RobertaProcessing", "sep": ["</s>", N + 1], "cls": ["<s>", N], "trim_offsets": True, "add_prefix_space": False
        },
    ),
    "sequence of processors": file(
        added=[token(N, "<s>")],
        post_processor={
            "type": "Sequence",
            "processors": [{"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": False, "use_regex": True}, template(["<s>"], [])],
        },
    ),
}
flags = lambda content, **others: {key: value for key, value in token(0, content, **others).items() if key != "id"}
folders = {
    "plain": {}, "added_tokens": {"added_tokens.json": {"<mask>": 264, "<pad>": 263}},
    "added_tokens with a gap": {"added_tokens.json": {"<mask>": 300, "<pad>": 280}},
    "special as text": {"special_tokens_map.json": {"bos_token": "<s>", "pad_token": "<pad>", "mask_token": "<mask>"}},
    "special as objects": {
        "special_tokens_map.json": {
            "bos_token": {"content": "<s>", "lstrip": False, "rstrip": True, "single_word": False, "normalized": False},
            "mask_token": {"content": "<mask>", "lstrip": True, "rstrip": False, "single_word": False, "normalized": False},
        }
    },
    "additional": {
        "special_tokens_map.json": {"additional_special_tokens": ["<mask>", "<pad>"]}, "added_tokens.json": {"<mask>": 263},
    },
    "decoder": {
        "tokenizer_config.json": {
            "added_tokens_decoder": {"264": flags("<mask>", lstrip=True), "263": flags("<pad>", special=False)},
            "mask_token": "<mask>",
        },
        "added_tokens.json": {"<s>": 263},
    },
    "bos": {"tokenizer_config.json": {"add_bos_token": True, "bos_token": "<s>"}},
    "bos and eos": {"tokenizer_config.json": {"add_bos_token": True, "add_eos_token": True, "bos_token": "<s>"}},
    "prefix space": {"tokenizer_config.json": {"add_prefix_space": True, "pad_token": "<pad>"}},
    "split": {"tokenizer_config.json": {"split_special_tokens": True, "pad_token": "<pad>"}},
}

rows = []
for name, content in json_files.items():
    text = json.dumps(content, ensure_ascii=False)
    tokenizer = Tokenizer.from_str(text)
    answers = []
    for sample in texts:
        tokenizer.encode_special_tokens = False
        answer = {"text": sample, "ids": tokenizer.encode(sample).ids}
        tokenizer.encode_special_tokens = True
        answers.append({**answer, "plain": tokenizer.encode(sample).ids})
    rows.append({"name": name, "files": {"tokenizer.json": text}, "answers": answers})
for name, beside in folders.items():
    files = {"vocab.json": json.dumps(vocabulary, ensure_ascii=False), "merges.txt": "#version: 0.2\n" + "\n".join(merges) + "\n"}
    files |= {file: json.dumps(content) for file, content in beside.items()}
    with tempfile.TemporaryDirectory() as folder:
        for file_name, text in {**files, "config.json": '{"model_type": "gpt2"}'}.items():
            with open(os.path.join(folder, file_name), "w") as out:
                out.write(text)
        tokenizer = AutoTokenizer.from_pretrained(folder)
    answers = []
    for sample in texts:
        answer = {"text": sample, "ids": tokenizer(sample).input_ids}
        tokenizer.backend_tokenizer.encode_special_tokens = True
        answers.append({**answer, "plain": tokenizer.backend_tokenizer.encode(sample).ids})
    rows.append({"name": name, "files": files, "answers": answers})

with open(os.path.join(here, "tokenizer-folders.json"), "w") as out:
    out.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
