"""The vocabulary of the invented retailer: nobody and nothing in it is real."""

from __future__ import annotations

from dataclasses import dataclass

FIRST_NAMES = (
    *("Ada", "Alex", "Amara", "Ben", "Bianca", "Casey", "Celia", "Dana", "Diego", "Eli", "Elena", "Farah", "Finn"),
    *("Gita", "Hana", "Harper", "Hugo", "Ines", "Ivan", "Jae", "Jordan", "Jude", "Kai", "Kira", "Lena", "Leo", "Lucia"),
    *("Mara", "Mateo", "Mina", "Nadia", "Nico", "Noor", "Omar", "Paula", "Quinn", "Rafa", "Rhea", "Robin", "Sana"),
    *("Sasha", "Selma", "Tariq", "Theo", "Uma", "Vera", "Wren", "Ximena", "Yara", "Zane", "Zoë", "Åsa", "José"),
)
LAST_NAMES = (
    *("Ashgrove", "Barrow", "Birchall", "Brook", "Calloway", "Cragg", "Dell", "Driftwood", "Elmsworth", "Fairwater"),
    *("Fenwick", "Glenmoor", "Greenlea", "Hallow", "Hazelton", "Heathcote", "Ivystone", "Juniper", "Kestrel", "Lark"),
    *("Lindenfeld", "Marsh", "Meadowcroft", "Moorland", "Nettle", "Oakhurst", "O'Fern", "Pinecroft", "Quarry", "Reed"),
    *("Ridgeway", "Rowanby", "Sandpiper", "Sedge", "Stone", "Tarnfield", "Thornbury", "Underhill", "Vale", "Waterfall"),
    *("Weatherby", "Wildwood", "Willowby", "Yarrow", "de la Costa", "Núñez-Prado"),
)
STREETS = ("Alder Way", "Birch Street", "Canyon Road", "Dock Street", "Fern Lane", "Harbor Avenue", "Ridge Road")
TOWNS = (
    ("Alderhaven", "Washington", "WA", "98001"),
    ("Stonebrook Falls", "Oregon", "OR", "97001"),
    ("Pine Hollow Bay", "California", "CA", "95501"),
)
COMPANIES = ("Outfitters", "Guides LLC", "Cycling Club", "School District", "Rentals, Inc.", "Trail Association")
MANUFACTURERS = (
    *("Northfold", "Brackwater", "Tallpine Cycles", "Cairnstone", "Driftline", "Emberpeak", "Fernhollow"),
    *("Gritworks", "Halcyon Gear", "Ironbark", "Juniper & Sons", "Kestrel Ridge", "Lodgepole", "Mossback", "Nightjar"),
    *("Oxbow", "Pebblecreek", "Quillback", "Ridgerunner", "Saltmarsh", "Timberlark", "Umberfield", "Vantage Point"),
)
VENDORS = (
    *("Cascadia Wholesale", "Bluewater Distribution", "Spoke & Chain Supply", "Alpine Trade Partners"),
    *("Trailhead Goods", "Harbor Import House", "Evergreen Footwear Group", "Northern Lights Apparel", "Paddle Depot"),
    "Old Mill Outlets",
)
MODELS = ("Aspen", "Bolt", "Comet", "Dune", "Echo", "Flint", "Grove", "Heron", "Indigo", "Jet", "Kodiak", "Lumen")
COLORS = ("Black", "Forest", "Slate Blue", "Red/Orange", "Sand")
SIZES = ("XS", "S", "M", "L", "XL")
CUSTOMER_TAGS = ("newsletter", "club member", "wholesale", "racer", "rental", "local guide")
SHOE_SIZE = (1, "Shoe size", "string")
LOYALTY_ID = (2, "Loyalty id", "string")
COUNTRY_FIELD = (3, "Country of origin", "string")
DOCK_FIELD = (4, "Dock", "string")
"""Custom fields of items and orders: key, name and type."""
ITEM_TAGS = ("sale rack", "staff pick", "new arrival", "web only", "clearance", "made to order")


@dataclass(frozen=True)
class Department:
    """A branch of the category tree and what is sold in it.

    Args:
        name: Category at the root.
        subs: Categories below it.
        leaves: Categories below each of those.
        goods: Kinds of goods.
        prices: Lowest and highest price.
        peak: The best month.
        swing: How far demand leaves its average.
        variants: Attributes that its matrices vary by; none where items stand alone.
    """

    name: str
    subs: tuple[str, ...]
    leaves: tuple[str, ...]
    goods: tuple[str, ...]
    prices: tuple[int, int]
    peak: int
    swing: float
    variants: tuple[str, ...] = ()


_LEVELS = ("Entry Level", "Enthusiast", "Expert")
_WEARERS = ("Men", "Women", "Youth")

DEPARTMENTS = (
    Department(
        name="Bikes",
        subs=("Road", "Mountain", "Gravel", "Commuter", "Electric"),
        leaves=_LEVELS,
        goods=("Bike", "Frameset"),
        prices=(399, 4200),
        peak=6,
        swing=0.5,
    ),
    Department(
        name="Components",
        subs=("Drivetrain", "Brakes", "Wheels", "Tires & Tubes", "Cockpit"),
        leaves=_LEVELS,
        goods=("Kit", "Set", '27.5" Replacement', "Upgrade"),
        prices=(8, 240),
        peak=5,
        swing=0.3,
        variants=("Size",),
    ),
    Department(
        name="Apparel",
        subs=("Jackets", "Base Layers", "Shorts", "Gloves", "Hats"),
        leaves=_WEARERS,
        goods=("Shell", "Pullover", "Essential", "Trail Wear"),
        prices=(18, 260),
        peak=11,
        swing=0.3,
        variants=("Color", "Size"),
    ),
    Department(
        name="Footwear",
        subs=("Hiking", "Trail Running", "Sandals", "Cycling Shoes", "Socks"),
        leaves=_WEARERS,
        goods=("Shoe", "Boot", "Pair"),
        prices=(14, 210),
        peak=4,
        swing=0.2,
        variants=("Color", "Size", "Width"),
    ),
    Department(
        name="Camping",
        subs=("Tents", "Sleep Systems", "Stoves & Kitchen", "Packs", "Lighting"),
        leaves=("Car Camping", "Backpacking", "Expedition"),
        goods=("Kit", "System", "Set", "Classic"),
        prices=(12, 480),
        peak=7,
        swing=0.6,
        variants=("Color",),
    ),
    Department(
        name="Climbing",
        subs=("Ropes", "Harnesses", "Protection", "Helmets", "Chalk & Care"),
        leaves=("Gym", "Sport", "Alpine"),
        goods=("Gear", "Set", "Pro"),
        prices=(9, 280),
        peak=8,
        swing=0.3,
    ),
    Department(
        name="Paddling",
        subs=("Kayaks", "Paddles", "Life Vests", "Dry Bags", "Boards"),
        leaves=("Lake", "River", "Sea"),
        goods=("Touring", "Compact", "Long"),
        prices=(25, 1500),
        peak=7,
        swing=0.8,
    ),
    Department(
        name="Snow",
        subs=("Skis", "Snowshoes", "Goggles", "Sleds", "Avalanche Safety"),
        leaves=_LEVELS,
        goods=("Pair", "Set", "Pack"),
        prices=(20, 720),
        peak=1,
        swing=0.9,
    ),
    Department(
        name="Nutrition",
        subs=("Bars", "Gels", "Drink Mix", "Meals", "Snacks"),
        leaves=("Regular", "Vegan", "Gluten Free"),
        goods=("Box of 12", "Single", "Pouch"),
        prices=(2, 38),
        peak=7,
        swing=0.2,
    ),
)
SERVICES = (
    ("Basic Tune-Up", 75, 60),
    ("Full Overhaul", 240, 240),
    ("Wheel Truing", 30, 30),
    ("Brake Bleed", 55, 45),
    ("Ski Wax & Edge", 45, 40),
    ("Flat Repair", 15, 15),
)
WORKORDER_NOTES = ("Shifting skips under load.", "Creak from the bottom bracket.", "Ready for the race season.")
REQUESTS = ("Call before noon.", "Customer prefers email.", 'Says: "not before Friday".', "Gift, remove price\ntags.")
