# gensim_vectors.py -- for embed.sh: gensim's word2vec over a text.
#
#   python gensim_vectors.py TEXT VECTORS SKIPGRAM RATE EPOCHS THREADS SEED
import sys

from gensim.models import Word2Vec

text, vectors = sys.argv[1:3]
model = Word2Vec(
    corpus_file=text,
    sg=int(sys.argv[3]),
    alpha=float(sys.argv[4]),
    min_alpha=1e-4,
    epochs=int(sys.argv[5]),
    workers=int(sys.argv[6]),
    seed=int(sys.argv[7]),
    vector_size=100,
    window=5,
    negative=5,
    hs=0,
    sample=1e-3,
    min_count=5,
)
model.wv.save_word2vec_format(vectors, binary=True)
