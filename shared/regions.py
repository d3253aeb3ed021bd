"""The regions a phone number can belong to, as plain text.

The settings reader checks PREFILL_DEFAULT_REGION against this list. It may not import libphonenumber for
that: the webhook shares its process start and has no use for 0.1 s of number metadata. A test keeps the list
equal to ``phonenumbers.SUPPORTED_REGIONS``: an upgrade of the library that knows another region is noticed.

Codes are ISO 3166-1 alpha-2, plus AC, TA and XK as libphonenumber uses them:
https://github.com/google/libphonenumber/blob/master/FAQ.md
"""

_CODES = """
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT
    BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER
    ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE
    IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV
    LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP
    NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK
    SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA
    VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW
"""

SUPPORTED_REGIONS: frozenset[str] = frozenset(_CODES.split())
