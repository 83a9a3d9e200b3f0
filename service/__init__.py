"""twitch-cds: when a muscle twitch is harmless, and when a neurologist must see it.

A **hook** brings a patient's **record**; we read **facts** from it, apply **rules**
that use our **knowledge**, reach **findings** and a **disposition**, and answer with
**cards**; the **store** remembers.

Glossary, one word an idea:

record       one patient's FHIR resources, sorted by what they speak of
statement    the record says that something is so, is not so, or was asked in vain
fact         what the statements and results of a record say on the day of the assessment
finding      a rule's answer about one patient, with its basis and its evidence
red flag     a rule whose YES asks for a neurologist or a review
contributor  something that may explain a twitch; it never lowers a red flag
disposition  how soon the patient should be seen: no-action … same-day
assessment   everything that was decided about one patient on one day
pathway      which disposition each rule asks for (early-referral, nice-ng127)
threshold    a number that a clinician would check, with its evidence
site         a place of the body that twitches; region: bulbar, cervical, thoracic, lumbosacral
card         what the clinician reads; suggestion: what the clinician can accept with one click
hook         the moment at which an EHR calls; prefetch: the resources that it sends along
"""

__version__ = "0.1.0"
