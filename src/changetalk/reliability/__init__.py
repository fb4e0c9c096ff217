"""Agreement between coders, and between coders and a model.

`agreement` compares client-talk labels and says everything a methods section needs; `nominal` and
`icc` hold the measures themselves, for codes of any kind.
"""

from changetalk.reliability.bands import icc_band, kappa_band
from changetalk.reliability.compare import agreement
from changetalk.reliability.icc import Icc, icc_2_1
from changetalk.reliability.intervals import Estimate
from changetalk.reliability.nominal import (
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    kappa_by_code,
    krippendorff_alpha,
    percent_agreement,
)
from changetalk.reliability.result import Agreement, ClassAgreement, Pair

__all__ = [
    "Agreement",
    "ClassAgreement",
    "Estimate",
    "Icc",
    "Pair",
    "agreement",
    "cohen_kappa",
    "fleiss_kappa",
    "gwet_ac1",
    "icc_2_1",
    "icc_band",
    "kappa_band",
    "kappa_by_code",
    "krippendorff_alpha",
    "percent_agreement",
]
