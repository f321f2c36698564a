"""Inventors and discoverers, authors, painters, composers, and single facts that fit no list."""

# what|who|verb
MAKERS = """
the telephone|Alexander Graham Bell|invented
the light bulb|Thomas Edison|invented
the phonograph|Thomas Edison|invented
dynamite|Alfred Nobel|invented
the printing press|Johannes Gutenberg|invented
the steam engine of 1769|James Watt|invented
the World Wide Web|Tim Berners-Lee|invented
the lightning rod|Benjamin Franklin|invented
the battery|Alessandro Volta|invented
the diesel engine|Rudolf Diesel|invented
the zeppelin|Ferdinand von Zeppelin|invented
the Morse code|Samuel Morse|invented
braille|Louis Braille|invented
the ballpoint pen|Laszlo Biro|invented
the saxophone|Adolphe Sax|invented
the first powered aeroplane|the Wright brothers|invented
the motor car|Karl Benz|invented
the air brake|George Westinghouse|invented
the safety lift|Elisha Otis|invented
the cube puzzle|Erno Rubik|invented
gravity's law|Isaac Newton|discovered
relativity|Albert Einstein|discovered
penicillin|Alexander Fleming|discovered
radium|Marie Curie|discovered
X-rays|Wilhelm Roentgen|discovered
oxygen's role in burning|Antoine Lavoisier|discovered
evolution by natural selection|Charles Darwin|discovered
the moons of Jupiter|Galileo Galilei|discovered
the laws of heredity|Gregor Mendel|discovered
the laws of planetary motion|Johannes Kepler|discovered
the electron|J. J. Thomson|discovered
the planet Uranus|William Herschel|discovered
radio waves|Heinrich Hertz|discovered
vaccination|Edward Jenner|discovered
Hamlet|William Shakespeare|wrote
Macbeth|William Shakespeare|wrote
Romeo and Juliet|William Shakespeare|wrote
Don Quixote|Miguel de Cervantes|wrote
War and Peace|Leo Tolstoy|wrote
Faust|Johann Wolfgang von Goethe|wrote
Oliver Twist|Charles Dickens|wrote
Emma|Jane Austen|wrote
Pride and Prejudice|Jane Austen|wrote
Frankenstein|Mary Shelley|wrote
Dracula|Bram Stoker|wrote
Robinson Crusoe|Daniel Defoe|wrote
Moby Dick|Herman Melville|wrote
The Odyssey|Homer|wrote
The Divine Comedy|Dante Alighieri|wrote
Les Miserables|Victor Hugo|wrote
Crime and Punishment|Fyodor Dostoevsky|wrote
The Metamorphosis|Franz Kafka|wrote
Alice in Wonderland|Lewis Carroll|wrote
Peter Pan|J. M. Barrie|wrote
Pinocchio|Carlo Collodi|wrote
Treasure Island|Robert Louis Stevenson|wrote
The Time Machine|H. G. Wells|wrote
Jane Eyre|Charlotte Bronte|wrote
the Mona Lisa|Leonardo da Vinci|painted
Guernica|Pablo Picasso|painted
The Starry Night|Vincent van Gogh|painted
The Scream|Edvard Munch|painted
The Night Watch|Rembrandt|painted
The Kiss|Gustav Klimt|painted
The Birth of Venus|Sandro Botticelli|painted
Girl with a Pearl Earring|Johannes Vermeer|painted
The Magic Flute|Wolfgang Amadeus Mozart|composed
Swan Lake|Pyotr Tchaikovsky|composed
The Four Seasons|Antonio Vivaldi|composed
the Moonlight Sonata|Ludwig van Beethoven|composed
Carmen|Georges Bizet|composed
Messiah|George Frideric Handel|composed
Aida|Giuseppe Verdi|composed
The Blue Danube|Johann Strauss|composed
"""

# A sentence per fact, with four ways to ask.
SINGLE = """
The largest ocean is the Pacific.|What is the largest ocean?|Which ocean is the largest?|Name the largest ocean.|What is the biggest ocean?
The highest mountain is Mount Everest.|What is the highest mountain?|Which mountain is the highest?|Name the highest mountain.|What is the tallest mountain in the world?
The longest river in Africa is the Nile.|What is the longest river in Africa?|Which river is the longest in Africa?|Name the longest river in Africa.|Which African river is the longest?
The largest desert of sand is the Sahara.|What is the largest sand desert?|Which sand desert is the largest?|Name the largest sand desert.|What is the biggest desert of sand?
The largest country is Russia.|What is the largest country?|Which country is the largest?|Name the largest country.|What is the biggest country in the world?
The smallest continent is Australia.|What is the smallest continent?|Which continent is the smallest?|Name the smallest continent.|Which is the smallest of the continents?
The largest continent is Asia.|What is the largest continent?|Which continent is the largest?|Name the largest continent.|Which is the biggest continent?
The largest animal is the blue whale.|What is the largest animal?|Which animal is the largest?|Name the largest animal.|What is the biggest animal on Earth?
The tallest animal is the giraffe.|What is the tallest animal?|Which animal is the tallest?|Name the tallest animal.|What is the tallest living animal?
The fastest land animal is the cheetah.|What is the fastest land animal?|Which land animal is the fastest?|Name the fastest land animal.|Which animal runs fastest?
The hardest natural material is diamond.|What is the hardest natural material?|Which natural material is the hardest?|Name the hardest natural material.|What is the hardest material in nature?
Water freezes at 0 degrees Celsius.|At what temperature does water freeze?|When does water freeze?|What is the freezing point of water?|How cold must it be for water to freeze?
Water boils at 100 degrees Celsius.|At what temperature does water boil?|When does water boil?|What is the boiling point of water?|How hot must water be to boil?
The chemical formula of water is H2O.|What is the chemical formula of water?|What is the formula of water?|Give the formula for water.|Which formula does water have?
The chemical formula of table salt is NaCl.|What is the chemical formula of table salt?|What is the formula of salt?|Give the formula for table salt.|Which formula does table salt have?
There are seven continents.|How many continents are there?|What is the number of continents?|How many continents does Earth have?|Count the continents.
There are eight planets in the solar system.|How many planets are there?|How many planets are in the solar system?|What is the number of planets?|How many planets circle the sun?
A week has seven days.|How many days are in a week?|How many days does a week have?|What is the number of days in a week?|How long is a week in days?
A year has twelve months.|How many months are in a year?|How many months does a year have?|What is the number of months in a year?|How long is a year in months?
A leap year has 366 days.|How many days are in a leap year?|How many days does a leap year have?|How long is a leap year?|What is the length of a leap year?
A normal year has 365 days.|How many days are in a year?|How many days does a year have?|How long is a normal year?|What is the number of days in a year?
The alphabet has 26 letters.|How many letters are in the alphabet?|How many letters does the alphabet have?|What is the number of letters in the alphabet?|How long is the English alphabet?
A triangle has three sides.|How many sides does a triangle have?|How many sides are there in a triangle?|What is the number of sides of a triangle?|A triangle has how many sides?
A square has four sides.|How many sides does a square have?|How many sides are there in a square?|What is the number of sides of a square?|A square has how many sides?
A pentagon has five sides.|How many sides does a pentagon have?|How many sides are there in a pentagon?|What is the number of sides of a pentagon?|A pentagon has how many sides?
A hexagon has six sides.|How many sides does a hexagon have?|How many sides are there in a hexagon?|What is the number of sides of a hexagon?|A hexagon has how many sides?
An octagon has eight sides.|How many sides does an octagon have?|How many sides are there in an octagon?|What is the number of sides of an octagon?|An octagon has how many sides?
The heart pumps blood through the body.|What does the heart do?|What is the heart for?|What is the job of the heart?|What does a heart do in the body?
The lungs take in air.|What do the lungs do?|What are the lungs for?|What is the job of the lungs?|What do lungs do in the body?
The Earth moves around the sun in one year.|How long does the Earth take to go around the sun?|How long is one orbit of the Earth?|In what time does the Earth circle the sun?|How long does the Earth need to orbit the sun?
The Earth turns once in 24 hours.|How long does the Earth take to turn once?|How long is one turn of the Earth?|In what time does the Earth spin once?|How long does a rotation of the Earth take?
The moon moves around the Earth.|What does the moon move around?|What does the moon orbit?|Around what does the moon go?|What does the moon circle?
The star nearest to us is the sun.|What is the star nearest to Earth?|Which star is nearest to us?|Name the star closest to us.|What is the closest star?
Bees make honey.|Which insect makes honey?|What makes honey?|Who makes honey?|What animal makes honey?
Spiders spin webs.|Which animal spins webs?|What spins webs?|Who spins webs?|What animal makes webs?
Paper is made from wood.|What is paper made from?|What is paper made of?|From what is paper made?|Which material is paper made from?
Bread is made from flour.|What is bread made from?|What is bread made of?|From what is bread made?|What do bakers make bread from?
Cheese is made from milk.|What is cheese made from?|What is cheese made of?|From what is cheese made?|What do you make cheese from?
Wine is made from grapes.|What is wine made from?|What is wine made of?|From what is wine made?|Which fruit is wine made from?
Glass is made from sand.|What is glass made from?|What is glass made of?|From what is glass made?|Which material is glass made from?
A thermometer measures temperature.|What does a thermometer measure?|What is a thermometer for?|What do you measure with a thermometer?|Which quantity does a thermometer show?
A clock measures time.|What does a clock measure?|What is a clock for?|What do you measure with a clock?|Which quantity does a clock show?
A compass shows north.|What does a compass show?|What is a compass for?|Where does a compass needle point?|Which direction does a compass show?
The first person on the moon was Neil Armstrong.|Who was the first person on the moon?|Who first walked on the moon?|Who was first on the moon?|Name the first person on the moon.
The first moon landing was in 1969.|When was the first moon landing?|In which year was the first moon landing?|What year did people first land on the moon?|When did people land on the moon?
The Second World War ended in 1945.|When did the Second World War end?|In which year did the Second World War end?|What year did the Second World War end?|When was the end of the Second World War?
The First World War began in 1914.|When did the First World War begin?|In which year did the First World War begin?|What year did the First World War start?|When was the start of the First World War?
The Berlin Wall fell in 1989.|When did the Berlin Wall fall?|In which year did the Berlin Wall fall?|What year did the Berlin Wall come down?|When was the fall of the Berlin Wall?
Columbus reached America in 1492.|When did Columbus reach America?|In which year did Columbus reach America?|What year did Columbus reach America?|When did Columbus sail to America?
The French Revolution began in 1789.|When did the French Revolution begin?|In which year did the French Revolution begin?|What year did the French Revolution start?|When was the start of the French Revolution?
"""
