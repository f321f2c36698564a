"""Chemical elements, planets, animals and colours."""

# name|symbol|atomic number
ELEMENTS = (
    "hydrogen|H|1,helium|He|2,lithium|Li|3,beryllium|Be|4,boron|B|5,carbon|C|6,nitrogen|N|7,oxygen|O|8,fluorine|F|9,neon|Ne|10,"
    "sodium|Na|11,magnesium|Mg|12,aluminium|Al|13,silicon|Si|14,phosphorus|P|15,sulphur|S|16,chlorine|Cl|17,argon|Ar|18,"
    "potassium|K|19,calcium|Ca|20,titanium|Ti|22,chromium|Cr|24,manganese|Mn|25,iron|Fe|26,cobalt|Co|27,nickel|Ni|28,copper|Cu|29,"
    "zinc|Zn|30,gallium|Ga|31,arsenic|As|33,bromine|Br|35,krypton|Kr|36,silver|Ag|47,tin|Sn|50,iodine|I|53,xenon|Xe|54,"
    "barium|Ba|56,tungsten|W|74,platinum|Pt|78,gold|Au|79,mercury|Hg|80,lead|Pb|82,radon|Rn|86,radium|Ra|88,uranium|U|92,"
    "plutonium|Pu|94"
)
ELEMENTS_LEFT_OUT = "scandium,vanadium,germanium,selenium,rubidium,strontium,yttrium,niobium,rhodium,palladium,cadmium,indium,antimony,tellurium,caesium,cerium,osmium,iridium,thallium,bismuth,polonium,thorium,unobtainium".split(",")

# name|place from the sun|one true sentence
PLANETS = """
Mercury|1|Mercury is the smallest planet and the closest to the sun.
Venus|2|Venus is the second planet and the hottest.
Earth|3|Earth is the third planet and our home.
Mars|4|Mars is the fourth planet and is called the red planet.
Jupiter|5|Jupiter is the fifth planet and the largest.
Saturn|6|Saturn is the sixth planet and has wide bright rings.
Uranus|7|Uranus is the seventh planet and lies on its side.
Neptune|8|Neptune is the eighth planet and the farthest from the sun.
"""

PLANET_TRAITS = (
    ("the largest planet", "Jupiter"), ("the smallest planet", "Mercury"), ("the hottest planet", "Venus"), ("the red planet", "Mars"),
    ("the planet closest to the sun", "Mercury"), ("the planet farthest from the sun", "Neptune"),
    ("the planet with the brightest rings", "Saturn"), ("the planet we live on", "Earth"),
)

# name|young|sound (verb)|class|legs
ANIMALS = """
dog|puppy|barks|mammal|4
cat|kitten|meows|mammal|4
cow|calf|moos|mammal|4
horse|foal|neighs|mammal|4
sheep|lamb|bleats|mammal|4
goat|kid|bleats|mammal|4
pig|piglet|grunts|mammal|4
lion|cub|roars|mammal|4
tiger|cub|roars|mammal|4
bear|cub|growls|mammal|4
wolf|pup|howls|mammal|4
fox|cub|barks|mammal|4
elephant|calf|trumpets|mammal|4
mouse|pup|squeaks|mammal|4
donkey|foal|brays|mammal|4
deer|fawn|bellows|mammal|4
rabbit|kit|-|mammal|4
kangaroo|joey|-|mammal|-
whale|calf|sings|mammal|0
dolphin|calf|clicks|mammal|0
seal|pup|barks|mammal|-
giraffe|calf|-|mammal|4
zebra|foal|-|mammal|4
camel|calf|-|mammal|4
bat|pup|-|mammal|2
hen|chick|clucks|bird|2
duck|duckling|quacks|bird|2
goose|gosling|honks|bird|2
swan|cygnet|-|bird|2
owl|owlet|hoots|bird|2
eagle|eaglet|screams|bird|2
crow|chick|caws|bird|2
pigeon|squab|coos|bird|2
sparrow|chick|chirps|bird|2
penguin|chick|-|bird|2
ostrich|chick|-|bird|2
starling|chick|whistles|bird|2
frog|tadpole|croaks|amphibian|4
toad|tadpole|croaks|amphibian|4
snake|-|hisses|reptile|0
lizard|-|-|reptile|4
crocodile|hatchling|-|reptile|4
turtle|hatchling|-|reptile|4
bee|larva|buzzes|insect|6
ant|larva|-|insect|6
butterfly|caterpillar|-|insect|6
fly|maggot|buzzes|insect|6
beetle|larva|-|insect|6
spider|-|-|arachnid|8
scorpion|-|-|arachnid|8
shark|pup|-|fish|0
salmon|fry|-|fish|0
eel|elver|-|fish|0
trout|fry|-|fish|0
"""

MIXES = (("red", "yellow", "orange"), ("blue", "yellow", "green"), ("red", "blue", "purple"), ("black", "white", "grey"), ("red", "white", "pink"), ("red", "green", "brown"))

COLOURED = (
    "grass|green,snow|white,coal|black,blood|red,the sky on a clear day|blue,a ripe banana|yellow,a lemon|yellow,milk|white,chocolate|brown,"
    "an emerald|green,a ruby|red,a sapphire|blue,a carrot|orange,an elephant|grey,a flamingo|pink,a raven|black,a swan|white,"
    "the sun in a drawing|yellow,a tomato|red,spinach|green,salt|white,a stop sign|red,a polar bear|white,a strawberry|red,"
    "a pumpkin|orange,charcoal|black,an aubergine|purple,a frog|green,a canary|yellow,a fire engine|red"
)
