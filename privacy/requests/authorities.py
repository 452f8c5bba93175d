"""Where people can complain: the authority of the country they live in."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Authority:
    """A data protection authority."""

    country: str
    name: str
    url: str


_KNOWN = """
AT|Österreichische Datenschutzbehörde|https://www.dsb.gv.at
AU|Office of the Australian Information Commissioner|https://www.oaic.gov.au
BE|Gegevensbeschermingsautoriteit / Autorité de protection des données|https://www.dataprotectionauthority.be
BG|Комисия за защита на личните данни|https://cpdp.bg
BR|Autoridade Nacional de Proteção de Dados|https://www.gov.br/anpd
CA|Office of the Privacy Commissioner of Canada|https://www.priv.gc.ca
CH|Eidgenössischer Datenschutz- und Öffentlichkeitsbeauftragter|https://www.edoeb.admin.ch
CY|Επίτροπος Προστασίας Δεδομένων Προσωπικού Χαρακτήρα|https://www.dataprotection.gov.cy
CZ|Úřad pro ochranu osobních údajů|https://uoou.gov.cz
DE|Die Bundesbeauftragte für den Datenschutz und die Informationsfreiheit|https://www.bfdi.bund.de
DK|Datatilsynet|https://www.datatilsynet.dk
EE|Andmekaitse Inspektsioon|https://www.aki.ee
ES|Agencia Española de Protección de Datos|https://www.aepd.es
FI|Tietosuojavaltuutetun toimisto|https://tietosuoja.fi
FR|Commission nationale de l'informatique et des libertés|https://www.cnil.fr
GB|Information Commissioner's Office|https://ico.org.uk
GR|Αρχή Προστασίας Δεδομένων Προσωπικού Χαρακτήρα|https://www.dpa.gr
HR|Agencija za zaštitu osobnih podataka|https://azop.hr
HU|Nemzeti Adatvédelmi és Információszabadság Hatóság|https://www.naih.hu
IE|Data Protection Commission|https://www.dataprotection.ie
IS|Persónuvernd|https://www.personuvernd.is
IT|Garante per la protezione dei dati personali|https://www.garanteprivacy.it
KR|Personal Information Protection Commission|https://www.pipc.go.kr
LI|Datenschutzstelle|https://www.datenschutzstelle.li
LT|Valstybinė duomenų apsaugos inspekcija|https://vdai.lrv.lt
LU|Commission nationale pour la protection des données|https://cnpd.public.lu
LV|Datu valsts inspekcija|https://www.dvi.gov.lv
MT|Office of the Information and Data Protection Commissioner|https://idpc.org.mt
MX|Secretaría Anticorrupción y Buen Gobierno|https://www.gob.mx/buengobierno
MY|Jabatan Perlindungan Data Peribadi|https://www.pdp.gov.my
NL|Autoriteit Persoonsgegevens|https://www.autoriteitpersoonsgegevens.nl
NO|Datatilsynet|https://www.datatilsynet.no
PL|Urząd Ochrony Danych Osobowych|https://uodo.gov.pl
PT|Comissão Nacional de Proteção de Dados|https://www.cnpd.pt
RO|Autoritatea Națională de Supraveghere a Prelucrării Datelor cu Caracter Personal|https://www.dataprotection.ro
SE|Integritetsskyddsmyndigheten|https://www.imy.se
SG|Personal Data Protection Commission|https://www.pdpc.gov.sg
SI|Informacijski pooblaščenec|https://www.ip-rs.si
SK|Úrad na ochranu osobných údajov Slovenskej republiky|https://dataprotection.gov.sk
US-CA|California Privacy Protection Agency|https://cppa.ca.gov
"""
AUTHORITIES = {
    line.split("|")[0]: Authority(**dict(zip(("country", "name", "url"), line.split("|"), strict=True)))
    for line in _KNOWN.strip().splitlines()
}


def of(residence: str) -> Authority | None:
    """The authority of a residence; None where we know none, or when it was not said."""
    return AUTHORITIES.get(residence) or AUTHORITIES.get(residence[:2])
