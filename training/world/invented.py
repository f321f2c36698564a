"""Names that do not exist, in endless supply, so that refusing them cannot be learnt by heart."""

STARTS = "B Bl Br C Ch Cl D Dr F Fl G Gl Gr H J K Kl L M N P Pl Qu R S Sh Sk St T Th Tr V Vr W Y Z".split()
VOWELS = "a e i o u a e o ai ea oo ou y".split()
MIDDLES = "b d g k l ll m n nd nt p r rr s ss t v z x rk lt mb".split()
ENDS = "a ia o us land an el or ek ith on um ora ania stan ville ix".split()


def invented_name(rng) -> str:
    name = rng.choice(STARTS) + rng.choice(VOWELS)
    for _ in range(rng.choice((1, 1, 2))):
        name += rng.choice(MIDDLES) + rng.choice(VOWELS)
    return name + rng.choice(MIDDLES) + rng.choice(ENDS)
