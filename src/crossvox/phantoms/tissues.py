"""Tissues of the phantom with their MR, CT and PET properties."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Tissue:
    """Imaging properties of a tissue.

    Attributes:
        name: Name in the label map's table.
        t1_ms: Longitudinal relaxation time at 3 T in ms, positive even without protons.
        t2_ms: Transverse relaxation time at 3 T in ms.
        proton_density: Visible water or fat protons relative to pure water, 0 to 1.
        hu: CT attenuation in Hounsfield units.
        uptake: FDG uptake relative to cortical gray matter.
        source: References for the values.
    """

    name: str
    t1_ms: float
    t2_ms: float
    proton_density: float
    hu: float
    uptake: float
    source: str


AIR = Tissue(
    name="air",
    t1_ms=1.0,
    t2_ms=1.0,
    proton_density=0.0,
    hu=-1000.0,
    uptake=0.0,
    source="HU by definition",
)
FAT = Tissue(
    name="fat",
    t1_ms=382.0,
    t2_ms=68.0,
    proton_density=0.75,
    hu=-95.0,
    uptake=0.05,
    source="T1, T2: de Bazelaire 2004, doi:10.1148/radiol.2303021331 (subcutaneous fat); "
    "a quarter of it is fibers and vessels; "
    "HU: Schneider 2000, doi:10.1088/0031-9155/45/2/314 (adipose tissue)",
)
MUSCLE = Tissue(
    name="muscle and skin",
    t1_ms=1412.0,
    t2_ms=50.0,
    proton_density=0.79,
    hu=55.0,
    uptake=0.15,
    source="T1, T2: Stanisz 2005, doi:10.1002/mrm.20605 (skeletal muscle); HU: Schneider 2000",
)
BONE = Tissue(
    name="compact bone",
    t1_ms=220.0,
    t2_ms=0.4,
    proton_density=0.2,
    hu=1300.0,
    uptake=0.05,
    source="T1, T2: Du and Bydder 2013, NMR Biomed 26:489 (order of magnitude); "
    "HU: Schneider 2000 (between cranium and cortical bone)",
)
MARROW = Tissue(
    name="diploe",
    t1_ms=586.0,
    t2_ms=49.0,
    proton_density=0.45,
    hu=450.0,
    uptake=0.1,
    source="T1, T2: de Bazelaire 2004 (bone marrow); half its protons, as trabeculae fill the "
    "rest; HU: Schneider 2000 (cranium with marrow)",
)
VITREOUS = Tissue(
    name="vitreous humor",
    t1_ms=4300.0,
    t2_ms=1500.0,
    proton_density=1.0,
    hu=8.0,
    uptake=0.02,
    source="as CSF: 99 % water",
)
CSF = Tissue(
    name="cerebrospinal fluid",
    t1_ms=4300.0,
    t2_ms=2000.0,
    proton_density=1.0,
    hu=8.0,
    uptake=0.03,
    source="T1: Rooney 2007, doi:10.1002/mrm.21122; T2: order of magnitude at 3 T, "
    "Spijkerman 2018, doi:10.1007/s10334-017-0659-3",
)
GRAY_MATTER = Tissue(
    name="cortical gray matter",
    t1_ms=1331.0,
    t2_ms=110.0,
    proton_density=0.82,
    hu=39.0,
    uptake=1.0,
    source="T1, T2: Wansapura 1999, doi:10.1002/(SICI)1522-2586(199904)9:4<531::AID-JMRI4>"
    "3.0.CO;2-L; water: Whittall 1997, doi:10.1002/mrm.1910370107; "
    "uptake 4:1 to white matter: Hoffman 1990, IEEE Trans Nucl Sci 37:616",
)
WHITE_MATTER = Tissue(
    name="white matter",
    t1_ms=832.0,
    t2_ms=79.6,
    proton_density=0.7,
    hu=30.0,
    uptake=0.25,
    source="as cortical gray matter",
)
DEEP_GRAY = Tissue(
    name="deep gray nuclei",
    t1_ms=1150.0,
    t2_ms=85.0,
    proton_density=0.79,
    hu=36.0,
    uptake=1.1,
    source="chosen between cortical gray and white matter, where Rooney 2007 finds thalamus and "
    "basal ganglia; T2 shortened by iron",
)
LESION = Tissue(
    name="white matter lesion",
    t1_ms=1300.0,
    t2_ms=150.0,
    proton_density=0.84,
    hu=24.0,
    uptake=0.2,
    source="chosen: long T1 and T2 between white matter and CSF, as in demyelination, so that "
    "FLAIR shows it bright and T1w darker than white matter",
)

TISSUES: tuple[Tissue, ...] = (
    AIR,
    FAT,
    MUSCLE,
    BONE,
    MARROW,
    VITREOUS,
    CSF,
    GRAY_MATTER,
    WHITE_MATTER,
    DEEP_GRAY,
    LESION,
)
"""All tissues; the index of a tissue is its label (0 is air, the background)."""
