Alias: $sct = http://snomed.info/sct
Alias: $loinc = http://loinc.org
Alias: $ucum = http://unitsofmeasure.org
Alias: $own = https://twitch-cds.example/fhir/CodeSystem/twitch-findings
Alias: $rules = https://twitch-cds.example/fhir/CodeSystem/twitch-rules
Alias: $icd10cm = http://hl7.org/fhir/sid/icd-10-cm
Alias: $clinical = http://terminology.hl7.org/CodeSystem/condition-clinical
Alias: $verification = http://terminology.hl7.org/CodeSystem/condition-ver-status
Alias: $category = http://terminology.hl7.org/CodeSystem/observation-category
Alias: $absent = http://terminology.hl7.org/CodeSystem/data-absent-reason
Alias: $role = http://terminology.hl7.org/CodeSystem/v3-RoleCode

// What every profile says of itself, and what every other artefact does.
RuleSet: Canonical
* ^status = #active
* ^experimental = false
* ^date = "2026-11-23"
* ^publisher = "The twitch-cds authors"

RuleSet: Published(type, id, title)
* url = "https://twitch-cds.example/fhir/{type}/{id}"
* version = "0.1.0"
* title = "{title}"
* status = #active
* experimental = false
* date = "2026-11-23"
* publisher = "The twitch-cds authors"
