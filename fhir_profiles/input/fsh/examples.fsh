// Six patients. input/scenarios.toml says in a sentence what each of them is about and what the assessment is.

RuleSet: Born(day, gender)
* gender = #{gender}
* birthDate = "{day}"

RuleSet: Of(patient)
* subject = Reference({patient})

RuleSet: OnProblemList
* clinicalStatus = $clinical#active
* verificationStatus = $verification#confirmed

RuleSet: Entry(id, type)
* entry[+].fullUrl = "https://twitch-cds.example/fhir/{type}/{id}"
* entry[=].resource = {id}

// ---- The runner ------------------------------------------------------------------------------------------

Instance: runner
InstanceOf: Patient
Usage: #example
* insert Born(1992-04-02, male)

Instance: runner-twitch
InstanceOf: TwitchObservation
Usage: #example
* insert Of(runner)
* status = #final
* code = $sct#82470000 "Muscle fasciculation"
* effectiveDateTime = "2026-11-18"
* valueBoolean = true
* bodySite = $sct#53840002 "Structure of calf of leg"

Instance: runner-caffeine
InstanceOf: TwitchCharacteristic
Usage: #example
* insert Of(runner)
* status = #final
* code = $own#caffeine-intake "Caffeine intake"
* effectiveDateTime = "2026-11-20"
* valueQuantity = 600 'mg/d' "mg/d"

Instance: runner-course
InstanceOf: TwitchCharacteristic
Usage: #example
* insert Of(runner)
* status = #final
* code = $own#twitch-course "Course of the twitching"
* effectiveDateTime = "2026-11-20"
* valueCodeableConcept = $own#improving "Improving"

Instance: runner-no-weakness
InstanceOf: MotorFinding
Usage: #example
* insert Of(runner)
* status = #final
* code = $sct#26544005 "Muscle weakness"
* effectiveDateTime = "2026-11-20"
* valueBoolean = false

Instance: runner-magnesium
InstanceOf: LaboratoryResult
Usage: #example
* insert Of(runner)
* status = #final
* code = $loinc#2601-3 "Magnesium [Moles/volume] in Serum or Plasma"
* effectiveDateTime = "2026-11-20"
* valueQuantity = 0.85 'mmol/L' "mmol/L"

Instance: runner-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(runner, Patient)
* insert Entry(runner-twitch, Observation)
* insert Entry(runner-caffeine, Observation)
* insert Entry(runner-course, Observation)
* insert Entry(runner-no-weakness, Observation)
* insert Entry(runner-magnesium, Observation)

// ---- The pianist -----------------------------------------------------------------------------------------

Instance: pianist
InstanceOf: Patient
Usage: #example
* insert Born(1968-09-14, female)

Instance: pianist-twitch
InstanceOf: TwitchCondition
Usage: #example
* insert Of(pianist)
* insert OnProblemList
* code = $sct#82470000 "Muscle fasciculation"
* bodySite.coding[0] = $sct#85562004 "Hand structure"
* bodySite.coding[1] = $sct#24028007 "Right"
* onsetDateTime = "2026-08-20"
* recordedDate = "2026-10-01"

Instance: pianist-forearm
InstanceOf: TwitchObservation
Usage: #example
* insert Of(pianist)
* status = #final
* code = $sct#82470000 "Muscle fasciculation"
* effectiveDateTime = "2026-11-10"
* valueBoolean = true
* bodySite.coding[0] = $sct#14975008 "Forearm structure"
* bodySite.coding[1] = $sct#24028007 "Right"

Instance: pianist-grade
InstanceOf: TwitchCharacteristic
Usage: #example
* insert Of(pianist)
* status = #final
* code = $own#mrc-grade "MRC grade of muscle power"
* effectiveDateTime = "2026-11-20"
* valueInteger = 4
* bodySite.coding[0] = $sct#85562004 "Hand structure"
* bodySite.coding[1] = $sct#24028007 "Right"

Instance: pianist-wasting
InstanceOf: MotorFinding
Usage: #example
* insert Of(pianist)
* status = #final
* code = $sct#88092000 "Muscle atrophy"
* effectiveDateTime = "2026-11-20"
* valueBoolean = true
* bodySite.coding[0] = $sct#85562004 "Hand structure"
* bodySite.coding[1] = $sct#24028007 "Right"

Instance: pianist-gripping
InstanceOf: TwitchCharacteristic
Usage: #example
* insert Of(pianist)
* status = #final
* code = $own#difficulty-gripping "Difficulty gripping or dropping things"
* effectiveDateTime = "2026-11-20"
* valueBoolean = true

Instance: pianist-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(pianist, Patient)
* insert Entry(pianist-twitch, Condition)
* insert Entry(pianist-forearm, Observation)
* insert Entry(pianist-grade, Observation)
* insert Entry(pianist-wasting, Observation)
* insert Entry(pianist-gripping, Observation)

// ---- The student -----------------------------------------------------------------------------------------

Instance: student
InstanceOf: Patient
Usage: #example
* insert Born(2003-01-30, female)

Instance: student-eyelid
InstanceOf: TwitchCondition
Usage: #example
* insert Of(student)
* insert OnProblemList
* code = $sct#699377006 "Twitching eye"
* onsetDateTime = "2026-10-30"
* recordedDate = "2026-11-20"

Instance: student-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(student, Patient)
* insert Entry(student-eyelid, Condition)

// ---- The gardener ----------------------------------------------------------------------------------------

Instance: gardener
InstanceOf: Patient
Usage: #example
* insert Born(1951-06-08, male)

Instance: gardener-twitch
InstanceOf: TwitchCondition
Usage: #example
* insert Of(gardener)
* insert OnProblemList
* code = $icd10cm#R25.3 "Fasciculation"
* onsetPeriod.start = "2026-11-19"
* recordedDate = "2026-11-22"

Instance: gardener-potassium
InstanceOf: LaboratoryResult
Usage: #example
* insert Of(gardener)
* status = #final
* code = $loinc#2823-3 "Potassium [Moles/volume] in Serum or Plasma"
* effectiveDateTime = "2026-11-22T09:30:00+00:00"
* valueQuantity = 2.3 'mmol/L' "mmol/L"

Instance: gardener-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(gardener, Patient)
* insert Entry(gardener-twitch, Condition)
* insert Entry(gardener-potassium, Observation)

// ---- The singer ------------------------------------------------------------------------------------------

Instance: singer
InstanceOf: Patient
Usage: #example
* insert Born(1960-12-01, male)

Instance: singer-history
InstanceOf: TwitchHistoryResponse
Usage: #example
* questionnaire = "https://twitch-cds.example/fhir/Questionnaire/twitch-history"
* status = #completed
* insert Of(singer)
* authored = "2026-11-21T10:00:00+00:00"
* item[+].linkId = "the-twitch"
* item[=].item[+].linkId = "fasciculation"
* item[=].item[=].answer.valueBoolean = true
* item[=].item[+].linkId = "twitch-course"
* item[=].item[=].answer.valueCoding = $own#worsening "Worsening"
* item[+].linkId = "strength"
* item[=].item[+].linkId = "muscle-weakness"
* item[=].item[=].answer.valueBoolean = false
* item[+].linkId = "speech-and-breath"
* item[=].item[+].linkId = "speech-difficulty"
* item[=].item[=].answer.valueBoolean = true
* item[+].linkId = "habits"
* item[=].item[+].linkId = "sleep-duration"
* item[=].item[=].answer.valueQuantity = 6 'h' "h"

Instance: singer-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(singer, Patient)
* insert Entry(singer-history, QuestionnaireResponse)

// ---- The clerk -------------------------------------------------------------------------------------------

Instance: clerk
InstanceOf: Patient
Usage: #example
* insert Born(1980-03-17, female)

Instance: clerk-no-twitch
InstanceOf: TwitchObservation
Usage: #example
* insert Of(clerk)
* status = #final
* code = $sct#82470000 "Muscle fasciculation"
* effectiveDateTime = "2026-11-20"
* valueBoolean = false

Instance: clerk-numbness
InstanceOf: TwitchCondition
Usage: #example
* insert Of(clerk)
* insert OnProblemList
* code = $sct#44077006 "Numbness"
* recordedDate = "2026-11-20"

Instance: clerk-record
InstanceOf: Bundle
Usage: #example
* type = #collection
* insert Entry(clerk, Patient)
* insert Entry(clerk-no-twitch, Observation)
* insert Entry(clerk-numbness, Condition)
