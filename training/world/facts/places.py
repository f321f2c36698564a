"""Landmarks and other names of countries."""

LANDMARKS = """
the Eiffel Tower|Paris
the Louvre|Paris
Big Ben|London
Tower Bridge|London
the Colosseum|Rome
the Trevi Fountain|Rome
the Leaning Tower|Pisa
the Brandenburg Gate|Berlin
the Acropolis|Athens
the Statue of Liberty|New York
the Empire State Building|New York
the Golden Gate Bridge|San Francisco
the White House|Washington
the Kremlin|Moscow
the Hermitage|Saint Petersburg
the Little Mermaid|Copenhagen
the Sagrada Familia|Barcelona
the Alhambra|Granada
the Prado|Madrid
the Forbidden City|Beijing
the Great Wall|China
the Taj Mahal|India
the Great Sphinx|Egypt
Machu Picchu|Peru
Stonehenge|England
the Atomium|Brussels
the Rijksmuseum|Amsterdam
the Charles Bridge|Prague
the Opera House with the white shells|Sydney
the Christ statue on the mountain|Rio de Janeiro
the Burj Khalifa|Dubai
Niagara Falls|North America
the Grand Canyon|the United States
the Matterhorn|Switzerland
Mount Fuji|Japan
Mount Kilimanjaro|Africa
the Rialto Bridge|Venice
the Blue Mosque|Istanbul
the Blarney Stone|Ireland
the Edinburgh Castle|Scotland
"""

ALIASES = {
    "the United Kingdom": ("the UK", "Britain", "Great Britain", "United Kingdom", "England"),
    "the United States": ("the USA", "America", "the US", "United States"),
    "the Netherlands": ("Holland", "Netherlands"),
    "the Philippines": ("Philippines",),
}
