"""The parts that invented names are made of, and the names themselves."""

from __future__ import annotations


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_PARTS = _words(
    "Alder Amber Arden Bram Brack Briar Cald Carrow Cinder Corr Drav Dunn Eldr Ember Fenn Fern Garn Gild Hald Hest Hollow Iver "
    "Jarr Keld Kest Lark Lorr Marl Merr Nesk Orrin Osk Pell Quill Rav Rook Sable Selk Skell Tam Tarn Thist Ulv Umber Varn Wend "
    "Wex Whin Wyn Yarr Zell"
)
SECOND_PARTS = _words(
    "bourne bridge brook bury combe crest croft dale den fell field garth gate glen haven heath hill holt hurst ley lyn mere mont "
    "moor more ridge row shaw side stead stone stow thorpe vale view wald well wick wold wood worth"
)
ADJECTIVES = _words(
    "Amber Blue Bright Broad Copper Crimson Cypress Distant Double Early Emerald Golden Granite Grey High Hidden Indigo Iron Ivory "
    "Juniper Little Long Lone Maple Northern Old Open Pale Quiet Red Rolling Rust Scarlet Silver Southern Still Stony Sunny Tall "
    "Three Timber Twin Upper Velvet White Wild Willow Winding Windy"
)
NATURE = _words(
    "Badger Bay Beacon Birch Bison Bluff Canyon Cedar Coyote Crane Creek Elk Falcon Finch Fork Fox Gorge Grove Harbor Hare Hawk "
    "Heron Hickory Hollow Kestrel Knoll Lantern Larch Lynx Marsh Meadow Mesa Osprey Otter Owl Pine Plover Prairie Quail Quarry Raven "
    "River Rock Sage Sparrow Spring Spruce Summit Swallow Thicket Thistle Trail Vista Wren"
)
LAST_NAMES = _words(
    "Abara Abbott Acevedo Adeyemi Aguilar Ahmed Alvarado Andersen Aoki Arnaud Asante Avery Baptiste Barros Beckett Begay Bello "
    "Benally Bhatt Blackwood Boateng Bose Brandt Bui Cabrera Caldwell Camara Cardenas Castellano Chaudhary Chavez Chen Cho "
    "Contreras Cordero Cruz Dang Darby Das Delacroix Desai Diallo Dominguez Doyle Dubois Duong Eriksen Escobar Espinoza Estrada "
    "Fairbanks Farah Feng Ferreira Fitzgerald Fonseca Fuentes Gallagher Garrison Ghosh Gill Goldberg Guerrero Gupta Gutierrez Haddad "
    "Hale Halvorsen Hansen Hashimoto Hassan Hawthorne Herrera Hoang Holloway Huang Ibarra Ibrahim Ishikawa Iyer Jacobsen Jamison "
    "Jimenez Johansson Joshi Juarez Kaplan Kapoor Kaya Keane Khalil Kim Kimura Kowalski Kumar Lachance Lam Larkin Lindqvist Liu "
    "Lozano Luna Mahmoud Maldonado Mancini Marchetti Mbeki McAllister Medina Mehta Mendoza Mensah Mitchell Molina Montoya Morales "
    "Moreau Murphy Nakamura Navarro Ndiaye Nguyen Nielsen Novak Nwosu Obi Ochoa Oduya Okafor Olsen Ortega Osei Owens Pacheco Palmer "
    "Park Patel Pham Pierce Popescu Prescott Quinn Quintero Rahman Ramirez Rao Reyes Rinaldi Rivera Robles Romano Rossi Saito Salazar "
    "Salim Santos Sato Schaefer Shah Sharma Silva Singh Sokolov Solis Sorensen Soto Suarez Sullivan Takahashi Tan Tanaka Thompson "
    "Torres Tran Traore Tsosie Underwood Valdez Vang Vargas Vega Villanueva Volkov Vu Walker Wang Weaver Whitaker Wong Xiong Yamada "
    "Yang Yazzie Young Yusuf Zamora Zhang Zimmerman"
)
FIRST_NAMES = _words(
    "Aaliyah Aaron Abigail Adriana Ahmed Aisha Alejandro Alice Amara Amir Ana Andre Angela Anika Antonio Arjun Ava Beatriz Benjamin "
    "Bianca Brandon Brian Caleb Camila Carlos Carmen Caroline Chidi Chloe Claire Connor Daniel Darius David Deepa Diana Diego Dmitri "
    "Elena Eli Elijah Emily Emma Eric Esperanza Ethan Evelyn Fatima Felix Fernando Gabriel Gloria Grace Hana Hannah Hassan Hector "
    "Helen Hiro Ian Imani Ines Isaac Isabel Ivan Jamal James Jasmine Javier Jin Joanna Jordan Jorge Joseph Julia Kai Karen Kavita "
    "Keisha Kenji Kevin Khalid Kofi Kwame Laila Laura Leah Leo Lila Linh Lucas Lucia Luis Malik Marcus Maria Marisol Mark Maya Mei "
    "Michael Miguel Min Mohammed Monica Nadia Naomi Natalie Nia Nicole Nina Noah Nora Olivia Omar Oscar Pablo Patricia Paul Pedro "
    "Peter Priya Rachel Rafael Rahul Raj Rebecca Ricardo Rosa Ruth Ryan Samira Samuel Sanjay Sara Sean Sofia Sophie Stephanie Tamika "
    "Tariq Teresa Thomas Tomas Tyler Valeria Veronica Victor Vikram Vivian Walter William Xavier Yasmin Yuki Yusuf Zainab Zoe"
)


def roots() -> list[str]:
    """Every first half of an account's name: coined places, pairs of words and pairs of family names."""
    coined = [a + b for a in FIRST_PARTS for b in SECOND_PARTS if a[-1] != b[0]]
    pairs = [f"{a} {b}" for a in ADJECTIVES for b in NATURE if a != b]
    partners = [f"{a} & {b}" for i, a in enumerate(LAST_NAMES) for j, b in enumerate(LAST_NAMES) if i != j and (i * 7 + j) % 8 == 0]
    return coined + pairs + partners


def slug(root: str) -> str:
    """A host name made from the first half of a name."""
    return "".join(c for c in root.lower() if c.isalnum())
