"""Countries with capital, continent, currency and most spoken or official language."""

COUNTRIES = """
France|Paris|Europe|euro|French
Germany|Berlin|Europe|euro|German
Spain|Madrid|Europe|euro|Spanish
Italy|Rome|Europe|euro|Italian
Portugal|Lisbon|Europe|euro|Portuguese
Greece|Athens|Europe|euro|Greek
Austria|Vienna|Europe|euro|German
Ireland|Dublin|Europe|euro|English
Finland|Helsinki|Europe|euro|Finnish
Estonia|Tallinn|Europe|euro|Estonian
Latvia|Riga|Europe|euro|Latvian
Lithuania|Vilnius|Europe|euro|Lithuanian
Slovakia|Bratislava|Europe|euro|Slovak
Slovenia|Ljubljana|Europe|euro|Slovene
Croatia|Zagreb|Europe|euro|Croatian
Belgium|Brussels|Europe|euro|Dutch
the Netherlands|Amsterdam|Europe|euro|Dutch
Malta|Valletta|Europe|euro|Maltese
Cyprus|Nicosia|Europe|euro|Greek
Sweden|Stockholm|Europe|krona|Swedish
Norway|Oslo|Europe|krone|Norwegian
Denmark|Copenhagen|Europe|krone|Danish
Iceland|Reykjavik|Europe|krona|Icelandic
Poland|Warsaw|Europe|zloty|Polish
Hungary|Budapest|Europe|forint|Hungarian
Romania|Bucharest|Europe|leu|Romanian
Serbia|Belgrade|Europe|dinar|Serbian
Albania|Tirana|Europe|lek|Albanian
Ukraine|Kyiv|Europe|hryvnia|Ukrainian
Switzerland|Bern|Europe|franc|German
the United Kingdom|London|Europe|pound|English
Russia|Moscow|Europe|rouble|Russian
Turkey|Ankara|Asia|lira|Turkish
China|Beijing|Asia|yuan|Chinese
Japan|Tokyo|Asia|yen|Japanese
India|New Delhi|Asia|rupee|Hindi
Pakistan|Islamabad|Asia|rupee|Urdu
Nepal|Kathmandu|Asia|rupee|Nepali
Bangladesh|Dhaka|Asia|taka|Bengali
Thailand|Bangkok|Asia|baht|Thai
Vietnam|Hanoi|Asia|dong|Vietnamese
Indonesia|Jakarta|Asia|rupiah|Indonesian
Malaysia|Kuala Lumpur|Asia|ringgit|Malay
the Philippines|Manila|Asia|peso|Filipino
South Korea|Seoul|Asia|won|Korean
North Korea|Pyongyang|Asia|won|Korean
Mongolia|Ulaanbaatar|Asia|tugrik|Mongolian
Cambodia|Phnom Penh|Asia|riel|Khmer
Laos|Vientiane|Asia|kip|Lao
Iran|Tehran|Asia|rial|Persian
Iraq|Baghdad|Asia|dinar|Arabic
Israel|Jerusalem|Asia|shekel|Hebrew
Jordan|Amman|Asia|dinar|Arabic
Lebanon|Beirut|Asia|pound|Arabic
Syria|Damascus|Asia|pound|Arabic
Saudi Arabia|Riyadh|Asia|riyal|Arabic
Kuwait|Kuwait City|Asia|dinar|Arabic
Qatar|Doha|Asia|riyal|Arabic
Georgia|Tbilisi|Asia|lari|Georgian
Armenia|Yerevan|Asia|dram|Armenian
Afghanistan|Kabul|Asia|afghani|Pashto
Egypt|Cairo|Africa|pound|Arabic
Morocco|Rabat|Africa|dirham|Arabic
Algeria|Algiers|Africa|dinar|Arabic
Tunisia|Tunis|Africa|dinar|Arabic
Libya|Tripoli|Africa|dinar|Arabic
Sudan|Khartoum|Africa|pound|Arabic
Ethiopia|Addis Ababa|Africa|birr|Amharic
Kenya|Nairobi|Africa|shilling|Swahili
Uganda|Kampala|Africa|shilling|English
Rwanda|Kigali|Africa|franc|Kinyarwanda
Somalia|Mogadishu|Africa|shilling|Somali
Ghana|Accra|Africa|cedi|English
Nigeria|Abuja|Africa|naira|English
Senegal|Dakar|Africa|franc|French
Mali|Bamako|Africa|franc|French
Cameroon|Yaounde|Africa|franc|French
Angola|Luanda|Africa|kwanza|Portuguese
Mozambique|Maputo|Africa|metical|Portuguese
Zambia|Lusaka|Africa|kwacha|English
Zimbabwe|Harare|Africa|dollar|English
Madagascar|Antananarivo|Africa|ariary|Malagasy
Namibia|Windhoek|Africa|dollar|English
Botswana|Gaborone|Africa|pula|English
Canada|Ottawa|North America|dollar|English
the United States|Washington|North America|dollar|English
Mexico|Mexico City|North America|peso|Spanish
Cuba|Havana|North America|peso|Spanish
Jamaica|Kingston|North America|dollar|English
Guatemala|Guatemala City|North America|quetzal|Spanish
Honduras|Tegucigalpa|North America|lempira|Spanish
Panama|Panama City|North America|balboa|Spanish
Costa Rica|San Jose|North America|colon|Spanish
Nicaragua|Managua|North America|cordoba|Spanish
Brazil|Brasilia|South America|real|Portuguese
Argentina|Buenos Aires|South America|peso|Spanish
Chile|Santiago|South America|peso|Spanish
Peru|Lima|South America|sol|Spanish
Colombia|Bogota|South America|peso|Spanish
Venezuela|Caracas|South America|bolivar|Spanish
Ecuador|Quito|South America|dollar|Spanish
Uruguay|Montevideo|South America|peso|Spanish
Paraguay|Asuncion|South America|guarani|Spanish
Australia|Canberra|Oceania|dollar|English
New Zealand|Wellington|Oceania|dollar|English
Fiji|Suva|Oceania|dollar|English
"""

# Real countries the model is never told about: it must say that it does not know them.
LEFT_OUT = (
    "Bhutan,Brunei,Suriname,Guyana,Belize,Haiti,Togo,Benin,Burundi,Malawi,Lesotho,Eritrea,Djibouti,Gabon,Chad,Niger,Liberia,"
    "Sierra Leone,Gambia,Mauritius,Samoa,Tonga,Vanuatu,Kiribati,Palau,Nauru,Tuvalu,Andorra,Monaco,Liechtenstein,San Marino,"
    "Luxembourg,Moldova,Montenegro,Kosovo,Belarus,Azerbaijan,Kazakhstan,Uzbekistan,Tajikistan,Yemen,Oman,Bahrain,Sri Lanka,"
    "Maldives,Singapore,Dominica,Barbados,Grenada,Bolivia,El Salvador,Congo,Tanzania,South Africa,Bulgaria,Taiwan,Atlantis"
).split(",")
