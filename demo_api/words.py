"""Words that names are made of."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FEMALE_NAMES = _words("""
    Ada Agnes Aisha Alba Amara Anouk Astrid Beatriz Bianca Camille Carmen Chloé Clara Daniela Delphine Elena Elif Elise
    Emma Fatima Freya Gabriela Greta Hana Helena Ines Ingrid Iris Jasmine Joana Julie Kaori Karin Laila Leonie Lina
    Lucía Maeve Margot Marta Maya Mei Mina Nadia Naomi Nina Noor Olivia Paula Petra Priya Rosa Ruth Salma Sanne Sara
    Sofia Tamar Tessa Valentina Vera Yara Yuki Zoé
""")
MALE_NAMES = _words("""
    Adam Alejandro Amir Anders André Antoine Arjun Bastian Ben Bruno Carlos Cédric Daniel Darius David Diego Dmitri
    Elias Emil Enzo Eric Felix Finn Gabriel Georg Hamza Hugo Ibrahim Ivan Jakob Jamal Jan Joaquín Jonas Julian Kenji
    Kofi Lars Leo Liam Luca Malik Marco Mateo Max Mehmet Milan Nils Noah Omar Oscar Pablo Pavel Pierre Rafael Ravi
    Samuel Sebastian Stefan Tariq Theo Tomás Victor Wei Yusuf
""")
NEUTRAL_NAMES = _words("Alex Ari Charlie Dana Eden Jules Kim Lou Mika Morgan Nico Noa Robin Sam Sasha Sky Toni Yael")
LAST_NAMES = _words("""
    Abadi Almeida Andersen Aydin Baker Barros Bauer Becker Bennett Berg Bianchi Bouchard Bradley Castro Chen Clarke
    Costa Cruz Dahl Delgado Diallo Dubois Dumont Eriksen Esposito Farah Ferreira Fischer Fontaine Fuentes Garnier
    Gomes Grant Greco Haddad Hansen Hartmann Hayes Herrera Hoffman Horvat Ibarra Ito Jansen Jensen Kaya Keller Khan
    Kovács Kowalski Kumar Lambert Larsen Leclerc Lefèvre Lindberg Lopes Lund Marchetti Martel Meyer Moreau Moretti
    Murphy Nakamura Navarro Nguyen Nielsen Novak Okafor Olsen Ortega Park Patel Pereira Petrov Quinn Ramos Reyes Ricci
    Rossi Roussel Salas Sato Schmidt Serrano Silva Singh Solberg Sousa Tanaka Torres Tran Vargas Vidal Vogel Weber
    Wong Yamada Yılmaz Zhang Ziegler
""")
ADJECTIVES = _words("""
    Amber Bitter Blue Borrowed Broken Burning Careless Cold Crooked Crystal Dark Distant Electric Empty Endless Fading
    Foreign Fragile Frozen Gentle Ghostly Golden Green Heavy Hidden Hollow Honest Hungry Idle Invisible Last Little
    Lonely Lost Lucky Magnetic Midnight Naked Neon Northern Open Paper Patient Plastic Quiet Restless Rusty Sacred
    Secret Silent Silver Simple Slow Southern Stolen Strange Sudden Tender Velvet Wandering Wild Winter Wooden Young
""")
NOUNS = _words("""
    Anchor Animal Arrow Autumn Avenue Balcony Bird Bridge Candle Carousel Cathedral Chapel City Clock Cloud Compass
    Corridor Dancer Desert Diamond Dream Echo Ember Engine Feather Fever Field Fire Flower Forest Fox Garden Harbour
    Heart Highway Horizon Horse House Island Kingdom Ladder Lantern Letter Light Lighthouse Machine Meadow Memory
    Mirror Moon Morning Mountain Ocean Orchard Palace Parade Pilot Planet Rain River Road Rocket Room Satellite Shadow
    Signal Sister Sky Smoke Sparrow Star Station Stone Storm Stranger Summer Thunder Tide Tiger Tower Train Valley
    Wave Whisper Window Wolf
""")
VERBS = _words("""
    Breathing Breaking Burning Calling Chasing Counting Crossing Dancing Dreaming Drifting Driving Falling Finding
    Floating Following Hiding Holding Keeping Learning Leaving Losing Missing Moving Painting Running Sailing Singing
    Sleeping Turning Waiting Waking Walking Watching Writing
""")
PLACES = _words("""
    Aurora Bellevue Brixham Calder Corrine Dunmore Eastport Elmira Fairlight Glenrock Halden Juneau Kestrel Lorca
    Marlow Montrose Norwick Orkney Portland Ravenna Salford Tampico Valdez Verona Westbrook Winslow
""")
