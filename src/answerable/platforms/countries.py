"""Countries whose authorities order removals, as account holders read them; of others the two letters."""

from typing import Final

from answerable.policy.texts import in_language

NAMES: Final = {
    "AT": ("Austria", "Autriche"),
    "AU": ("Australia", "Australie"),
    "BE": ("Belgium", "Belgique"),
    "BG": ("Bulgaria", "Bulgarie"),
    "CA": ("Canada", "Canada"),
    "CH": ("Switzerland", "Suisse"),
    "CY": ("Cyprus", "Chypre"),
    "CZ": ("Czechia", "Tchéquie"),
    "DE": ("Germany", "Allemagne"),
    "DK": ("Denmark", "Danemark"),
    "EE": ("Estonia", "Estonie"),
    "ES": ("Spain", "Espagne"),
    "FI": ("Finland", "Finlande"),
    "FR": ("France", "France"),
    "GB": ("United Kingdom", "Royaume-Uni"),
    "GR": ("Greece", "Grèce"),
    "HR": ("Croatia", "Croatie"),
    "HU": ("Hungary", "Hongrie"),
    "IE": ("Ireland", "Irlande"),
    "IS": ("Iceland", "Islande"),
    "IT": ("Italy", "Italie"),
    "LI": ("Liechtenstein", "Liechtenstein"),
    "LT": ("Lithuania", "Lituanie"),
    "LU": ("Luxembourg", "Luxembourg"),
    "LV": ("Latvia", "Lettonie"),
    "MT": ("Malta", "Malte"),
    "NL": ("Netherlands", "Pays-Bas"),
    "NO": ("Norway", "Norvège"),
    "PL": ("Poland", "Pologne"),
    "PT": ("Portugal", "Portugal"),
    "RO": ("Romania", "Roumanie"),
    "SE": ("Sweden", "Suède"),
    "SI": ("Slovenia", "Slovénie"),
    "SK": ("Slovakia", "Slovaquie"),
    "US": ("United States", "États-Unis"),
}


def country_name(code: str, language: str) -> str:
    """The country with these two letters (ISO 3166-1)."""
    found = NAMES.get(code.upper())
    return in_language(dict(zip(("en", "fr"), found, strict=True)), language) if found else code.upper()
