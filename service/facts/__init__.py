"""What a record says about one patient on one day, ready for rules to ask.

Plain Python: three-valued truths, ranges, statements and results, and the questions that
rules put to them. No FHIR, no clock, no words for clinicians.
"""

from __future__ import annotations

from service.facts.facts import Facts, MedicineUse, Past, Patient, Relative, UnreadMedicine

__all__ = ["Facts", "MedicineUse", "Past", "Patient", "Relative", "UnreadMedicine"]
