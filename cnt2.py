from companion.lab import corpus
from collections import Counter
import sys
corpus.part_of_speech = lambda w: ("PROPN" if w[0].isupper() else "X")
ws=set(sys.argv[1:])
c={w:Counter() for w in ws}
for d in corpus.sample(20000, 11).documents:
    for s in d.sentences:
        t=s.tokens
        for i,w in enumerate(t):
            if w in ws: c[w][" ".join(t[max(0,i-1):i+2])]+=1
for w in sorted(ws):
    print(w,sum(c[w].values()),c[w].most_common(14))
