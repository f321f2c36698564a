"""Words by category, opposites, plurals and rhymes."""

CATEGORIES = {
    "animal": "dog cat horse cow sheep goat pig lion tiger bear wolf fox rabbit mouse rat deer camel monkey zebra giraffe elephant whale donkey squirrel otter",
    "bird": "eagle owl duck goose swan robin crow parrot penguin pigeon sparrow stork falcon starling raven",
    "insect": "ant bee wasp moth beetle cricket ladybird mosquito butterfly dragonfly",
    "fish": "salmon trout shark tuna cod herring eel carp",
    "fruit": "apple pear plum cherry grape lemon orange banana peach mango melon apricot fig kiwi strawberry",
    "vegetable": "carrot potato onion cabbage spinach lettuce leek pea bean radish turnip garlic broccoli celery",
    "colour": "red blue green yellow purple pink brown black white grey violet turquoise",
    "tool": "hammer saw drill wrench chisel screwdriver axe shovel rake pliers",
    "garment": "shirt coat hat glove sock scarf jacket dress skirt sweater belt trousers",
    "vehicle": "car bus train truck bicycle tram boat ship plane scooter tractor van",
    "piece of furniture": "table chair bed sofa desk shelf wardrobe bench stool cupboard",
    "musical instrument": "piano guitar violin flute drum trumpet harp cello clarinet organ",
    "part of the body": "arm leg hand foot nose ear eye knee elbow shoulder finger chin",
    "sport": "football tennis hockey golf rugby swimming boxing cricket rowing fencing",
    "drink": "water milk tea coffee juice lemonade cocoa wine beer cider",
    "profession": "doctor teacher baker farmer pilot nurse lawyer tailor plumber carpenter painter engineer",
    "shape": "circle square triangle rectangle oval cube sphere hexagon",
    "tree": "oak pine birch maple willow elm beech cedar",
    "flower": "rose tulip daisy lily orchid poppy sunflower daffodil",
    "metal": "iron copper gold silver tin lead zinc nickel",
    "season": "spring summer autumn winter",
    "planet": "Mercury Venus Earth Mars Jupiter Saturn Uranus Neptune",
}

# Words that mean two things in the lists above have no single category.
AMBIGUOUS = {"orange", "cricket", "square", "lead", "violet"}

# Everyday words without a category, for spelling and the like.
OTHER_WORDS = (
    "house window door garden river mountain forest island cloud rain snow wind storm sun moon star night morning paper letter "
    "word number swarm network answer question model browser judge vote trust signal bridge castle church city village street "
    "market money coin key lamp candle mirror clock knife spoon fork plate bottle basket bread butter cheese sugar salt pepper "
    "stone sand glass wood silk wool cotton leather planet rocket engine wheel anchor sailor captain king queen prince friend "
    "brother sister mother father child baby school lesson pencil ruler camera radio picture story song dance music theatre "
    "summer winter ladder tunnel desert ocean beach valley meadow thunder shadow silence answer object simple gentle clever brave"
)

OPPOSITES = (
    "hot cold,big small,fast slow,high low,light dark,old young,open closed,full empty,wet dry,hard soft,long short,early late,"
    "rich poor,strong weak,loud quiet,clean dirty,happy sad,good bad,near far,thick thin,wide narrow,deep shallow,heavy light,"
    "sweet sour,rough smooth,sharp blunt,cheap expensive,easy difficult,brave cowardly,polite rude,true false,right wrong,"
    "left right,up down,in out,above below,before after,always never,day night,war peace,love hate,friend enemy,begin end,"
    "arrive leave,buy sell,push pull,win lose,laugh cry,rise fall,remember forget,give take,accept refuse,ask answer,"
    "north south,east west,inside outside,first last,top bottom,front back,male female,summer winter,life death,success failure,"
    "guilty innocent,safe dangerous,tight loose,tall short,straight crooked,public private,ancient modern,visible invisible,"
    "possible impossible,asleep awake,absent present,maximum minimum,increase decrease,attack defend,build destroy,lazy hardworking,"
    "generous selfish,simple complicated,temporary permanent,victory defeat,question answer,sunrise sunset,lend borrow,freeze melt"
)

PLURALS = (
    "child children,mouse mice,foot feet,tooth teeth,goose geese,man men,woman women,person people,ox oxen,sheep sheep,deer deer,"
    "fish fish,leaf leaves,knife knives,life lives,wife wives,wolf wolves,shelf shelves,loaf loaves,half halves,thief thieves,"
    "city cities,baby babies,lady ladies,story stories,berry berries,country countries,party parties,box boxes,fox foxes,bus buses,"
    "glass glasses,dish dishes,watch watches,church churches,bush bushes,brush brushes,potato potatoes,tomato tomatoes,hero heroes,"
    "echo echoes,piano pianos,photo photos,roof roofs,cliff cliffs,crisis crises,cactus cacti,fungus fungi,criterion criteria,"
    "phenomenon phenomena,analysis analyses,index indices,day days,key keys,boy boys,toy toys,dog dogs,cat cats,book books,"
    "tree trees,house houses,car cars,apple apples,table tables,chair chairs,window windows,bird birds,river rivers,horse horses,"
    "flower flowers,bridge bridges,orange oranges,lamp lamps,cloud clouds,spoon spoons,pencil pencils,candle candles,dress dresses,"
    "match matches,peach peaches,puppy puppies,cherry cherries,family families,calf calves,scarf scarves,louse lice,quiz quizzes"
)

RHYMES = (
    "cat hat bat rat mat", "dog log fog frog", "house mouse blouse", "tree bee sea knee key", "light night kite bite",
    "ring sing king wing", "cake lake snake rake", "moon spoon noon", "boat goat coat note", "rain train brain chain",
    "bell shell well", "star car jar", "bed red head bread", "ball wall tall fall", "sun run fun bun", "pen ten hen men",
    "door floor four", "book cook hook look", "fish dish wish", "nose rose hose", "day play say way", "blue shoe two zoo",
    "bear chair pear hair", "duck truck luck", "clock sock rock lock", "hand sand land", "mail tail sail snail",
    "pin tin win chin", "cold gold old", "five dive hive", "eight gate plate", "cow now plough", "sky pie fly eye",
    "sheep sleep deep", "money honey bunny", "ground sound round", "street feet meet", "box fox socks", "flower tower shower",
    "test nest west best",
)
